import { DerReader } from "./der_reader.ts";
import {
  encodeBmpString,
  encodeDer,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
  encodeUtf8String,
} from "./der_writer.ts";
import { checkCount } from "./limits.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";

/**
 * RFC 7292 section 4.2: a view of the file's own octets, by which it is carried over. A keystore may
 * hold 100,000 of them, so no more is kept of each than its name; the rest is read when asked for.
 */
export class SafeBag {
  #encoding: Uint8Array;
  readonly bagId: string;
  readonly friendlyName: string | undefined;

  /** @throws AppError ERR_KEYSTORE_UNREADABLE for anything that is not a whole SafeBag */
  constructor(encoding: Uint8Array) {
    this.#encoding = encoding;
    const parts = decodeParts(encoding);
    this.bagId = parts.bagId;
    this.friendlyName = decodeAttributes(parts.bagAttributes).friendlyName;
  }

  get encoding(): Uint8Array {
    return this.#encoding;
  }

  /** Goes on with the same octets at another place in memory. */
  moveTo(encoding: Uint8Array): void {
    if (encoding.length !== this.#encoding.length) throw new TypeError("other octets");
    this.#encoding = encoding;
  }

  /** The encoding inside `bagValue`'s [0] EXPLICIT. */
  get bagValue(): Uint8Array {
    return decodeParts(this.encoding).bagValue;
  }

  get localKeyId(): Uint8Array | undefined {
    return decodeAttributes(decodeParts(this.encoding).bagAttributes).localKeyId;
  }

  /** The UTF8String that is an attribute's only value; undefined for anything else. */
  utf8Attribute(attributeId: string): string | undefined {
    const { bagAttributes } = decodeParts(this.encoding);
    for (const attribute of splitAttributes(bagAttributes)) {
      if (attribute.id !== attributeId) continue;
      const { nextTag } = attribute.values;
      if (nextTag !== TAG.UTF8_STRING) return undefined;
      const content = attribute.values.content(TAG.UTF8_STRING);
      return attribute.values.nextTag === undefined ? Buffer.from(content).toString() : undefined;
    }
    return undefined;
  }

  hasAttribute(attributeId: string): boolean {
    const octets = Buffer.from(
      this.encoding.buffer,
      this.encoding.byteOffset,
      this.encoding.length,
    );
    // Of thousands of bags few have one that is asked for: those that cannot are told apart at once.
    if (!octets.includes(encodeObjectIdentifier(attributeId))) return false;
    const { bagAttributes } = decodeParts(this.encoding);
    return splitAttributes(bagAttributes).some(({ id }) => id === attributeId);
  }

  /** The same entry, attributes octet for octet, around another value. */
  withBagValue(bagValue: Uint8Array): SafeBag {
    const { bagId, bagAttributes } = decodeParts(this.encoding);
    return encodeBag(bagId, bagValue, bagAttributes);
  }

  withFriendlyName(name: string): SafeBag {
    return this.#withAttribute(OID.FRIENDLY_NAME, encodeBmpString(name));
  }

  withLocalKeyId(localKeyId: Uint8Array): SafeBag {
    return this.#withAttribute(OID.LOCAL_KEY_ID, encodeOctetString(localKeyId));
  }

  /** @param text undefined to go without this attribute */
  withUtf8Attribute(attributeId: string, text: string | undefined): SafeBag {
    return this.#withAttribute(attributeId, text === undefined ? text : encodeUtf8String(text));
  }

  /** All other attributes stay octet for octet, and in their order. */
  #withAttribute(attributeId: string, value: Uint8Array | undefined): SafeBag {
    const { bagId, bagValue, bagAttributes } = decodeParts(this.encoding);
    const attributes = splitAttributes(bagAttributes);
    const encoded = value === undefined ? [] : [encodeAttribute(attributeId, value)];
    const at = attributes.findIndex(({ id }) => id === attributeId);
    const others = attributes.filter(({ id }) => id !== attributeId).map((each) => each.encoding);
    others.splice(at < 0 ? others.length : at, 0, ...encoded);
    return encodeBag(bagId, bagValue, encodeDer(TAG.SET, ...others));
  }
}

function encodeBag(
  bagId: string,
  bagValue: Uint8Array,
  bagAttributes: Uint8Array | undefined,
): SafeBag {
  return new SafeBag(encodeSequence(
    encodeObjectIdentifier(bagId),
    encodeDer(TAG.CONTEXT_0, bagValue),
    ...(bagAttributes === undefined ? [] : [bagAttributes]),
  ));
}

interface Attribute {
  readonly id: string;
  readonly encoding: Uint8Array;
  readonly values: DerReader;
}

function splitAttributes(bagAttributes: Uint8Array | undefined): Attribute[] {
  const attributes = bagAttributes && new DerReader(bagAttributes).enter(TAG.SET);
  if (attributes === undefined) return [];
  return elements(attributes).map((encoding) => {
    const attribute = new DerReader(encoding).enter(TAG.SEQUENCE);
    return { id: attribute.objectIdentifier(), encoding, values: attribute.enter(TAG.SET) };
  });
}

/**
 * Lays bags one behind the other in memory, so that they can be written as one piece.
 *
 * @returns that piece
 */
export function gather(bags: readonly SafeBag[]): Uint8Array {
  const piece = new Uint8Array(bags.reduce((sum, { encoding }) => sum + encoding.length, 0));
  let offset = 0;
  for (const bag of bags) {
    const end = offset + bag.encoding.length;
    piece.set(bag.encoding, offset);
    bag.moveTo(piece.subarray(offset, end));
    offset = end;
  }
  return piece;
}

/** A bag with the attributes that Java gives each entry, in Java's order. */
export function newSafeBag(
  bagId: string,
  bagValue: Uint8Array,
  friendlyName: string,
  localKeyId: Uint8Array,
): SafeBag {
  return encodeBag(
    bagId,
    bagValue,
    encodeDer(
      TAG.SET,
      encodeAttribute(OID.FRIENDLY_NAME, encodeBmpString(friendlyName)),
      encodeAttribute(OID.LOCAL_KEY_ID, encodeOctetString(localKeyId)),
    ),
  );
}

/** `bagAttributes` is the encoding of the SET, where there is one. */
function decodeParts(encoding: Uint8Array) {
  const outer = new DerReader(encoding);
  const bag = outer.enter(TAG.SEQUENCE);
  outer.finish();
  const bagId = bag.objectIdentifier();
  const explicit = bag.enter(TAG.CONTEXT_0);
  const bagValue = explicit.encoding();
  explicit.finish();
  const bagAttributes = bag.nextTag === undefined ? undefined : bag.encoding(TAG.SET);
  bag.finish();
  return { bagId, bagValue, bagAttributes };
}

function decodeAttributes(bagAttributes: Uint8Array | undefined) {
  let friendlyName: string | undefined;
  let localKeyId: Uint8Array | undefined;
  const attributes = bagAttributes && new DerReader(bagAttributes).enter(TAG.SET);
  while (attributes?.nextTag !== undefined) {
    const attribute = attributes.enter(TAG.SEQUENCE);
    const attributeId = attribute.objectIdentifier();
    const values = attribute.enter(TAG.SET);
    attribute.finish();
    if (attributeId === OID.FRIENDLY_NAME) friendlyName = decodeBmpString(values);
    else if (attributeId === OID.LOCAL_KEY_ID) localKeyId = values.content(TAG.OCTET_STRING);
  }
  return { friendlyName, localKeyId };
}

/** The encodings of all values that the reader stands before. */
export function elements(reader: DerReader): Uint8Array[] {
  const encodings: Uint8Array[] = [];
  while (reader.nextTag !== undefined) {
    encodings.push(reader.encoding());
    checkCount(encodings.length);
  }
  return encodings;
}

function encodeAttribute(attributeId: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeObjectIdentifier(attributeId), encodeDer(TAG.SET, value));
}

function decodeBmpString(values: DerReader): string {
  const octets = values.content(TAG.BMP_STRING);
  // swap16 works in place and refuses odd lengths: a copy, and an odd last octet dropped.
  return Buffer.from(octets.subarray(0, octets.length & ~1)).swap16().toString("utf16le");
}
