import { objectIdentifierOctets } from "./object_identifier.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";

/** DER for one value: `tag`, the length of all parts together, the parts. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(wrapDer(tag, parts)));
}

/**
 * The same as a list of pieces. A keystore's envelopes are nested nine deep: putting each together
 * on its own would copy the whole file nine times for every save.
 */
export function wrapDer(tag: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [Uint8Array.of(tag, ...lengthOctets(length)), ...parts];
}

export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encodeDer(TAG.SEQUENCE, ...parts);
}

export function encodeOctetString(content: Uint8Array): Uint8Array {
  return encodeDer(TAG.OCTET_STRING, content);
}

/** A non-negative INTEGER of at most 53 bits. */
export function encodeUnsignedInteger(value: number): Uint8Array {
  const octets: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  if ((octets[0] ?? 0x80) >= 0x80) octets.unshift(0);
  return encodeDer(TAG.INTEGER, Uint8Array.from(octets));
}

export function encodeNull(): Uint8Array {
  return encodeDer(TAG.NULL);
}

/** @param dotted an OBJECT IDENTIFIER whose arcs fit 53 bits */
export function encodeObjectIdentifier(dotted: string): Uint8Array {
  return KNOWN.get(dotted) ?? encodeDer(TAG.OBJECT_IDENTIFIER, objectIdentifierOctets(dotted));
}

/** A new entry has eight of them. */
const KNOWN: ReadonlyMap<string, Uint8Array> = new Map(
  Object.values(OID).map((dotted) => [
    dotted,
    encodeDer(TAG.OBJECT_IDENTIFIER, objectIdentifierOctets(dotted)),
  ]),
);

export function encodeUtf8String(text: string): Uint8Array {
  return encodeDer(TAG.UTF8_STRING, Buffer.from(text, "utf8"));
}

/** UTF-16, big-endian, as BMPString has it and Java writes it (surrogate pairs included). */
export function encodeBmpString(text: string): Uint8Array {
  return encodeDer(TAG.BMP_STRING, utf16BigEndian(text));
}

export function utf16BigEndian(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "utf16le").swap16());
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}
