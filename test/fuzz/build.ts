import {
  encodeObjectIdentifier,
  encodeUnsignedInteger,
  utf16BigEndian,
} from "../../src/pkcs12/der_writer.ts";
import { TAG } from "../../src/pkcs12/tag.ts";
import type { Value } from "./value.ts";

/** Tag and length as DER has them. */
export function derHead(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const octets = [length >>> 24, length >> 16 & 0xff, length >> 8 & 0xff, length & 0xff];
  const significant = octets.slice(octets.findIndex((octet) => octet > 0));
  return Uint8Array.of(tag, 0x80 | significant.length, ...significant);
}

export function sequence(...content: Value[]): Value {
  return { tag: TAG.SEQUENCE, content };
}

export function set(...content: Value[]): Value {
  return { tag: TAG.SET, content };
}

/** [0] EXPLICIT. */
export function explicit(...content: Value[]): Value {
  return { tag: TAG.CONTEXT_0, content };
}

export function octetString(content: Uint8Array | Value[]): Value {
  return { tag: TAG.OCTET_STRING, content };
}

export function integer(value: number): Value {
  return { tag: TAG.INTEGER, content: encodeUnsignedInteger(value).subarray(2) };
}

/** @param dotted of arcs below 2^53 */
export function objectIdentifier(dotted: string): Value {
  return { tag: TAG.OBJECT_IDENTIFIER, content: encodeObjectIdentifier(dotted).subarray(2) };
}

export function bmpString(text: string): Value {
  return { tag: TAG.BMP_STRING, content: utf16BigEndian(text) };
}

export function nothing(): Value {
  return { tag: TAG.NULL, content: new Uint8Array() };
}
