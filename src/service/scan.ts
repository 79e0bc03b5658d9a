import type { Alias } from "../model/alias.ts";
import { digestKey } from "../model/key_digest.ts";
import { KeyFilter } from "../model/key_filter.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { openAll } from "../keystore/keystore_content.ts";

/** Finds API keys that have got somewhere else, without anybody having to know them. */
export class ScanService {
  readonly #keystore: Keystore;

  constructor(keystore: Keystore) {
    this.#keystore = keystore;
  }

  /** @throws AppError ERR_KEYSTORE_* */
  async filter(): Promise<KeyFilter> {
    const { content } = await this.#keystore.read();
    await openAll(content);
    const filter = KeyFilter.forCount(content.entries.size);
    for (const { fingerprint } of content.entries.values()) {
      if (fingerprint !== undefined) filter.add(fingerprint);
    }
    return filter;
  }

  /**
   * Of each text in order: the aliases of the key that it is.
   *
   * @throws AppError ERR_KEYSTORE_*
   */
  async find(texts: readonly string[]): Promise<Alias[][]> {
    const { content } = await this.#keystore.read();
    await openAll(content);
    return texts.map((text) => content.digests.all(digestKey(text)).map(({ alias }) => alias));
  }

  /**
   * Revokes the keys that these texts are, whatever they are called by then, and nothing else; with a
   * key goes what its alias had before.
   *
   * @returns as `find`
   * @throws AppError ERR_KEYSTORE_*
   */
  async revoke(texts: readonly string[]): Promise<Alias[][]> {
    const found = await this.find(texts);
    if (found.every((aliases) => aliases.length === 0)) return found;
    const digests = texts.map(digestKey);
    return await this.#keystore.change(async (draft) => {
      const revoked = await Promise.all(digests.map((digest) => draft.aliasesOf(digest)));
      for (const alias of new Set(revoked.flat())) {
        for (const each of [...draft.retired(alias), alias]) {
          if (draft.has(each)) draft.remove(each);
        }
      }
      return revoked;
    });
  }
}
