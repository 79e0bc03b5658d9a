/**
 * A map that forgets when it is full: whatever nobody has asked for lately (second chance, which
 * unlike the exact order of use costs a look-up nothing).
 */
export class BoundedMap<Key, Value> {
  readonly #maxSize: number;
  readonly #entries = new Map<Key, { readonly value: Value; isUsed: boolean }>();

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry.value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#maxSize) this.#evict();
    this.#entries.set(key, { value, isUsed: false });
  }

  /** Looks at every entry: for what happens rarely. */
  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) {
      if (matches(value)) this.#entries.delete(key);
    }
  }

  clear(): void {
    this.#entries.clear();
  }

  #evict(): void {
    // Those that get their second chance go to the end, and meet the loop there once more.
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      if (!entry.isUsed) return;
      entry.isUsed = false;
      this.#entries.set(key, entry);
    }
  }
}
