import type { KeyFilter } from "../model/key_filter.ts";
import { UUID_OCTETS, uuidFingerprint } from "../model/uuid.ts";

const HYPHEN = 0x2d;
/** Where a UUID's first one stands. */
const FIRST_HYPHEN = 8;
/** How far behind one the next may begin: with the last eight digits of this one. */
const STRIDE = UUID_OCTETS - FIRST_HYPHEN;

/** Something that may be a key. */
export interface Candidate {
  /** In lower case, as keys are made. */
  readonly text: string;
  /** In octets, from the beginning of all that has been read. */
  readonly offset: number;
}

/** Looks for what may be keys in octets that come piece by piece. */
export class KeyFinder {
  readonly #seed: number;
  readonly #filter: KeyFilter;
  /** The end of the piece before: a UUID may be cut in two. */
  #rest: Uint8Array = new Uint8Array();
  /** Of the end of the piece before. */
  #offset = 0;

  constructor({ seed, filter }: { readonly seed: number; readonly filter: KeyFilter }) {
    this.#seed = seed;
    this.#filter = filter;
  }

  /** @param piece is not kept */
  *find(piece: Uint8Array): Generator<Candidate, void> {
    const seam = Buffer.concat([this.#rest, piece.subarray(0, UUID_OCTETS - 1)]);
    yield* this.#search(seam, this.#offset - this.#rest.length, this.#rest.length);
    yield* this.#search(piece, this.#offset, Infinity);
    this.#offset += piece.length;
    const end = Buffer.concat([this.#rest, piece.subarray(-(UUID_OCTETS - 1))]);
    this.#rest = end.subarray(-(UUID_OCTETS - 1));
  }

  /** @param before only what begins there */
  *#search(octets: Uint8Array, base: number, before: number): Generator<Candidate, void> {
    const last = Math.min(octets.length - UUID_OCTETS, before - 1);
    for (let at = 0; at <= last;) {
      at = nextUuid(octets, at, last, this.#seed, this.#filter);
      if (at < 0) return;
      const text = Buffer.from(octets.subarray(at, at + UUID_OCTETS)).toString("latin1");
      yield { text: text.toLowerCase(), offset: base + at };
      at += STRIDE;
    }
  }
}

/**
 * Where the next UUID begins that passes; apart, as what runs for every octet must not stop for
 * anything.
 *
 * @returns -1 for none
 */
function nextUuid(
  octets: Uint8Array,
  from: number,
  last: number,
  seed: number,
  filter: KeyFilter,
): number {
  for (let at = from; at <= last; at++) {
    if (octets[at + FIRST_HYPHEN] !== HYPHEN) continue;
    const fingerprint = uuidFingerprint(octets, at, seed);
    if (fingerprint === undefined) continue;
    if (filter.passes(fingerprint)) return at;
    at += STRIDE - 1;
  }
  return -1;
}
