import type { Alias } from "../model/alias.ts";
import type { KeyDigest } from "../model/key_digest.ts";
import type { ApiKeyEntry } from "./api_key_entry.ts";

const NONE: readonly Alias[] = [];

/**
 * Finds entries by their key's digest. It says where to look and no more: whether an entry is still
 * there and still has that key is for the entries themselves to say.
 */
export class DigestIndex {
  readonly #aliases = new Map<KeyDigest, readonly Alias[]>();
  /** Whether every entry has been opened and is in here. */
  isComplete = false;
  /** Under way as long as the rest is being opened. */
  completing: Promise<void> | undefined;

  add({ alias, digest }: ApiKeyEntry): void {
    if (digest === undefined) return;
    const aliases = this.#aliases.get(digest) ?? [];
    // Nothing but chance or another program gives two aliases the same key.
    if (!aliases.includes(alias)) this.#aliases.set(digest, [...aliases, alias]);
  }

  remove({ alias, digest }: ApiKeyEntry): void {
    if (digest === undefined) return;
    const aliases = this.#aliases.get(digest)?.filter((other) => other !== alias) ?? [];
    if (aliases.length > 0) this.#aliases.set(digest, aliases);
    else this.#aliases.delete(digest);
  }

  /** Those that may have this key, in the order in which they came in. */
  find(digest: KeyDigest): readonly Alias[] {
    return this.#aliases.get(digest) ?? NONE;
  }
}
