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
   * Of each text in order: the alias of the key that it is.
   *
   * @throws AppError ERR_KEYSTORE_*
   */
  async find(texts: readonly string[]): Promise<(Alias | undefined)[]> {
    const { content } = await this.#keystore.read();
    await openAll(content);
    return texts.map((text) => content.digests.find(digestKey(text))?.alias);
  }
}
