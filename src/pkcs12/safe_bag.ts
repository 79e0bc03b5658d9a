import { DerReader } from "./der_reader.ts";
import {
  encodeBmpString,
  encodeDer,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
} from "./der_writer.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";

/** RFC 7292 section 4.2. Views of the file's own octets: a bag is carried over by its `encoding`. */
export interface SafeBag {
  readonly encoding: Uint8Array;
  readonly bagId: string;
  /** The encoding inside `bagValue`'s [0] EXPLICIT. */
  readonly bagValue: Uint8Array;
  readonly friendlyName: string | undefined;
  readonly localKeyId: Uint8Array | undefined;
}

export function decodeSafeBag(encoding: Uint8Array): SafeBag {
  const outer = new DerReader(encoding);
  const bag = outer.enter(TAG.SEQUENCE);
  outer.finish();
  const bagId = bag.objectIdentifier();
  const explicit = bag.enter(TAG.CONTEXT_0);
  const bagValue = explicit.encoding();
  explicit.finish();
  const bagAttributes = bag.nextTag === undefined ? [] : elements(bag.enter(TAG.SET));
  bag.finish();
  let friendlyName: string | undefined;
  let localKeyId: Uint8Array | undefined;
  for (const attribute of bagAttributes) {
    const { attributeId, values } = decodeAttribute(attribute);
    if (attributeId === OID.FRIENDLY_NAME) friendlyName = decodeBmpString(values);
    else if (attributeId === OID.LOCAL_KEY_ID) localKeyId = values.content(TAG.OCTET_STRING);
  }
  return { encoding, bagId, bagValue, friendlyName, localKeyId };
}

/** A bag with the attributes that Java gives each entry, in Java's order. */
export function newSafeBag(
  bagId: string,
  bagValue: Uint8Array,
  friendlyName: string,
  localKeyId: Uint8Array,
): SafeBag {
  return decodeSafeBag(encodeSequence(
    encodeObjectIdentifier(bagId),
    encodeDer(TAG.CONTEXT_0, bagValue),
    encodeDer(
      TAG.SET,
      encodeAttribute(OID.FRIENDLY_NAME, encodeBmpString(friendlyName)),
      encodeAttribute(OID.LOCAL_KEY_ID, encodeOctetString(localKeyId)),
    ),
  ));
}

/** The encodings of all values that the reader stands before. */
export function elements(reader: DerReader): Uint8Array[] {
  const encodings: Uint8Array[] = [];
  while (reader.nextTag !== undefined) encodings.push(reader.encoding());
  return encodings;
}

function decodeAttribute(encoding: Uint8Array): { attributeId: string; values: DerReader } {
  const attribute = new DerReader(encoding).enter(TAG.SEQUENCE);
  const attributeId = attribute.objectIdentifier();
  const values = attribute.enter(TAG.SET);
  attribute.finish();
  return { attributeId, values };
}

function encodeAttribute(attributeId: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeObjectIdentifier(attributeId), encodeDer(TAG.SET, value));
}

function decodeBmpString(values: DerReader): string {
  const octets = values.content(TAG.BMP_STRING);
  // swap16 works in place and refuses odd lengths: a copy, and an odd last octet dropped.
  return Buffer.from(octets.subarray(0, octets.length & ~1)).swap16().toString("utf16le");
}
