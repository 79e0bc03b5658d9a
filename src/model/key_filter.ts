/** Below one in so many a UUID that is nobody's key passes. */
const BITS_PER_KEY = 256;
const MIN_BITS = 1 << 16;
const MAX_BITS = 1 << 24;

/**
 * Which UUIDs may be API keys of a keystore, by their fingerprints: nearly all others do not pass, and
 * nobody learns keys from it.
 */
export class KeyFilter {
  readonly bitmap: Uint8Array;
  readonly #mask: number;

  /** @param bitmap as many octets as a power of two */
  constructor(bitmap: Uint8Array) {
    this.bitmap = bitmap;
    this.#mask = bitmap.length * 8 - 1;
  }

  /** An empty one for so many keys. */
  static forCount(count: number): KeyFilter {
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, count) * BITS_PER_KEY));
    return new KeyFilter(new Uint8Array(Math.min(Math.max(wanted, MIN_BITS), MAX_BITS) / 8));
  }

  add(fingerprint: number): void {
    const bit = fingerprint & this.#mask;
    this.bitmap[bit >>> 3] = (this.bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  passes(fingerprint: number): boolean {
    const bit = fingerprint & this.#mask;
    return ((this.bitmap[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}
