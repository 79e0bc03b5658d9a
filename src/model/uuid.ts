/*
 * UUIDs (RFC 9562) among other octets, without making a text of each: there may be millions of them.
 */
export const UUID_OCTETS = 36;

const HYPHEN = 0x2d;

/** Shifted by up to twelve bits and added to others it still stands out. */
const NO_DIGIT = 0x10000;

/** By octet: the value of a hexadecimal digit. */
const DIGITS = Int32Array.from({ length: 256 }, (_, octet) => {
  const value = Number.parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** RFC 9562: of a version and variant that it names, in lower case. */
export const CANONICAL_UUID =
  /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

export function isCanonicalUuid(text: string): boolean {
  return CANONICAL_UUID.test(text);
}

/**
 * A value of 32 bits for the UUID of version 4 at a place among octets, in either case, by which to
 * tell most UUIDs apart: those with the same one may differ.
 *
 * @param seed as different as processes are, so that nobody can make UUIDs with the same value
 * @returns undefined where there is no such UUID; whoever asks has seen the first hyphen
 */
export function uuidFingerprint(octets: Uint8Array, at: number, seed: number): number | undefined {
  if (
    octets[at + 8] !== HYPHEN || octets[at + 13] !== HYPHEN || octets[at + 18] !== HYPHEN ||
    octets[at + 23] !== HYPHEN || octets[at + 14] !== 0x34
  ) return undefined;
  // Each half of a word by itself: four digits leave room to see that one of them is none.
  const a = digits(octets, at);
  const b = digits(octets, at + 4);
  const c = digits(octets, at + 9);
  const d = digits(octets, at + 14);
  const e = digits(octets, at + 19);
  const f = digits(octets, at + 24);
  const g = digits(octets, at + 28);
  const h = digits(octets, at + 32);
  if ((a | b | c | d | e | f | g | h) > 0xffff) return undefined;
  let fingerprint = mix(seed, (a << 16) | b);
  fingerprint = mix(fingerprint, (c << 16) | d);
  fingerprint = mix(fingerprint, (e << 16) | f);
  fingerprint = mix(fingerprint, (g << 16) | h);
  return mix(fingerprint, 0);
}

/** The value of four digits; more than 0xffff if one of them is none. */
function digits(octets: Uint8Array, at: number): number {
  return (digit(octets, at) << 12) | (digit(octets, at + 1) << 8) | (digit(octets, at + 2) << 4) |
    digit(octets, at + 3);
}

function digit(octets: Uint8Array, at: number): number {
  return DIGITS[octets[at] ?? 0] ?? NO_DIGIT;
}

function mix(value: number, word: number): number {
  const product = Math.imul(value ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}
