import type { ApiKey } from "../model/api_key.ts";
import type { KeyDigest } from "../model/key_digest.ts";
import type { ApiKeyEntry } from "./api_key_entry.ts";

const NONE: readonly ApiKey[] = [];

/**
 * Finds API keys by their digests. A look-up touches as little memory as can be: with tens of
 * thousands of keys that is what it costs.
 */
export class DigestIndex {
  readonly #keys = new Map<KeyDigest, ApiKey>();
  /** The others of a digest: nothing but chance or another program gives two aliases the same key. */
  readonly #twins = new Map<KeyDigest, readonly ApiKey[]>();
  /** Whether every entry has been opened and is in here. */
  isComplete = false;
  /** Under way as long as the rest is being opened. */
  completing: Promise<void> | undefined;

  /** How many digests there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** Takes in an entry that has been opened, in place of what its alias had with the same digest. */
  add({ key, digest }: ApiKeyEntry): void {
    if (key === undefined || digest === undefined) return;
    this.#put(digest, [...this.#withoutAlias(digest, key), key]);
  }

  remove({ key, digest }: ApiKeyEntry): void {
    if (key === undefined || digest === undefined) return;
    this.#put(digest, this.#withoutAlias(digest, key));
  }

  find(digest: KeyDigest): ApiKey | undefined {
    return this.#keys.get(digest);
  }

  /** What else there is with the digest of a key that was found. */
  twins(digest: KeyDigest): readonly ApiKey[] {
    return this.#twins.get(digest) ?? NONE;
  }

  /** All keys with this digest. */
  all(digest: KeyDigest): readonly ApiKey[] {
    const first = this.#keys.get(digest);
    return first === undefined ? NONE : [first, ...this.twins(digest)];
  }

  #withoutAlias(digest: KeyDigest, { alias }: ApiKey): ApiKey[] {
    return this.all(digest).filter((key) => key.alias !== alias);
  }

  #put(digest: KeyDigest, [first, ...others]: readonly ApiKey[]): void {
    if (first === undefined) this.#keys.delete(digest);
    else this.#keys.set(digest, first);
    if (others.length === 0) this.#twins.delete(digest);
    else this.#twins.set(digest, others);
  }
}
