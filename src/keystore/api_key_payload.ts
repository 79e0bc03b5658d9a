import { AppError } from "../errors.ts";
import { type Expiry, parseExpiry } from "../model/expiry.ts";
import { digestKey, type KeyDigest } from "../model/key_digest.ts";
import { UUID_OCTETS, uuidFingerprint } from "../model/uuid.ts";
import { UUID_SEED } from "../model/uuid_seed.ts";

/*
 * What is in an API key's bag, as MetricsHub writes it: the key, and behind two underscores its expiry
 * where it has one.
 */
const EXPIRY_SEPARATOR = "__";
const SHOWN_CHARACTERS = 4;

export interface DecodedPayload {
  readonly digest: KeyDigest;
  readonly lastCharacters: string;
  readonly expiry: Expiry | undefined;
  /** See `uuidFingerprint`; undefined for a key that is no UUID. */
  readonly fingerprint: number | undefined;
}

/** @param key as it is in the payload */
export function fingerprintOf(key: Uint8Array): number | undefined {
  return key.length === UUID_OCTETS ? uuidFingerprint(key, 0, UUID_SEED) : undefined;
}

/** @param key in UTF-8 */
export function encodePayload(key: Uint8Array, expiry: Expiry | undefined): Buffer {
  const suffix = expiry === undefined ? "" : EXPIRY_SEPARATOR + expiry.expiresOn;
  return Buffer.concat([key, Buffer.from(suffix, "latin1")]);
}

/**
 * What there is to know of a key; wipes the payload.
 *
 * @throws AppError ERR_KEYSTORE_UNSUPPORTED for an expiry that no Java program could parse
 */
export function decodePayload(payload: Uint8Array): DecodedPayload {
  try {
    return decode(payload);
  } finally {
    payload.fill(0);
  }
}

/** The same key with another expiry; wipes the payload that it comes from. */
export function withExpiry(payload: Uint8Array, expiry: Expiry): Buffer {
  const [key] = splitPayload(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
  const revised = encodePayload(key, expiry);
  payload.fill(0);
  return revised;
}

/** Without ever making a text of the key itself, which would stay in memory until it is collected. */
function decode(payload: Uint8Array): DecodedPayload {
  const octets = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const [key, expiresOn] = splitPayload(octets);
  const expiry = expiresOn === undefined ? undefined : parseExpiry(expiresOn);
  if (expiresOn !== undefined && expiry === undefined) {
    throw new AppError("ERR_KEYSTORE_UNSUPPORTED", "an API key with an expiry that is no date");
  }
  return {
    digest: digestKey(key),
    lastCharacters: lastCharactersOf(key),
    expiry,
    fingerprint: fingerprintOf(key),
  };
}

/** As Java splits it: whatever follows a second separator does not count. */
function splitPayload(payload: Buffer): [key: Buffer, expiresOn: string | undefined] {
  const end = payload.indexOf(EXPIRY_SEPARATOR);
  if (end < 0) return [payload, undefined];
  const rest = payload.toString("utf8", end + EXPIRY_SEPARATOR.length);
  return [payload.subarray(0, end), rest.split(EXPIRY_SEPARATOR)[0]];
}

/** For people to recognise a key by. */
export function lastCharactersOf(key: Buffer): string {
  const characters = key.reduce((count, octet) => isContinuation(octet) ? count : count + 1, 0);
  // A key so short that these would be much of it is not shown at all.
  if (characters < 4 * SHOWN_CHARACTERS) return "";
  return key.toString("utf8", key.length - 4 * SHOWN_CHARACTERS).slice(-SHOWN_CHARACTERS);
}

/** Of a character that UTF-8 has several octets for, all but the first. */
function isContinuation(octet: number): boolean {
  return (octet & 0xc0) === 0x80;
}
