import * as asn1js from "asn1js";
import { AppError } from "../errors.ts";
import { encodeDer } from "./der_writer.ts";
import { MAX_FILE_BYTES } from "./limits.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";
import { unreadable } from "./unreadable.ts";

/**
 * The DER of a BER value: definite lengths, and every string in one piece. Octets inside an OCTET
 * STRING stay as they are, because a MAC or an encryption covers them as they are.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE for what is not BER
 */
export function berToDer(bytes: Uint8Array): Uint8Array {
  try {
    const { offset, result } = asn1js.fromBER(bytes, {
      maxNodes: MAX_NODES,
      maxContentLength: MAX_FILE_BYTES,
    });
    if (offset !== bytes.length) throw unreadable(result.error);
    return normalize(result);
  } catch (error) {
    // asn1js throws errors of its own at some values that it cannot read.
    throw error instanceof AppError ? error : unreadable(error);
  }
}

/** Each costs asn1js about a kilobyte; a keystore of 5,000 keys in BER has fewer. */
const MAX_NODES = 200_000;

function normalize(value: asn1js.AsnType): Uint8Array {
  if (!value.idBlock.isConstructed) return definite(value);
  const tag = value.idBlock.tagClass === 3
    ? TAG.CONTEXT_0 + value.idBlock.tagNumber
    : 0x20 + value.idBlock.tagNumber;
  const children = constructedValue(value);
  if (tag === 0x20 + TAG.OCTET_STRING) return encodeDer(TAG.OCTET_STRING, segments(children));
  return encodeDer(tag, ...children.map((child, index) => normalizeChild(children, child, index)));
}

/**
 * EncryptedContentInfo's `encryptedContent` is [0] IMPLICIT OCTET STRING: in pieces it looks like
 * an EXPLICIT one, and only its place tells them apart (RFC 5652 section 8).
 */
function normalizeChild(
  siblings: readonly asn1js.AsnType[],
  child: asn1js.AsnType,
  index: number,
): Uint8Array {
  const [contentType, algorithm] = siblings;
  const isEncryptedContent = index === 2 && siblings.length === 3 &&
    contentType instanceof asn1js.ObjectIdentifier && contentType.getValue() === OID.DATA &&
    algorithm instanceof asn1js.Sequence && child.idBlock.isConstructed &&
    child.idBlock.tagClass === 3 && child.idBlock.tagNumber === 0;
  return isEncryptedContent
    ? encodeDer(TAG.CONTEXT_0_PRIMITIVE, segments(constructedValue(child)))
    : normalize(child);
}

function segments(children: readonly asn1js.AsnType[]): Uint8Array {
  return Buffer.concat(children.map((child) => {
    if (!(child instanceof asn1js.OctetString)) throw unreadable("segment of another type");
    return child.idBlock.isConstructed
      ? segments(constructedValue(child))
      : child.valueBlock.valueHexView;
  }));
}

/** A primitive value again, in case its length was encoded longer than need be. */
function definite(value: asn1js.AsnType): Uint8Array {
  const encoding = value.valueBeforeDecodeView;
  const headBytes = value.idBlock.blockLength + value.lenBlock.blockLength;
  const [tag] = encoding;
  if (tag === undefined || value.idBlock.blockLength !== 1) throw unreadable("high tag number");
  return encodeDer(tag, encoding.subarray(headBytes));
}

function constructedValue(value: asn1js.AsnType): asn1js.AsnType[] {
  const { value: children, warnings } = value.valueBlock as asn1js.ValueBlock & { value?: unknown };
  // One is that the octets ended before an indefinite length did.
  if (warnings.length > 0) throw unreadable(warnings[0]);
  if (!Array.isArray(children)) throw unreadable("constructed value without content");
  return children.filter((child) => !(child instanceof asn1js.EndOfContent));
}
