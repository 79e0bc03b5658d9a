import { encodeObjectIdentifier, wrapDer } from "./der_writer.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";
import { unreadable, unsupported } from "./unreadable.ts";

/** What is inside a constructed value, the octets of any other. */
interface BerValue {
  readonly tag: number;
  readonly content: Uint8Array | readonly BerValue[];
}

const CONSTRUCTED = 0x20;
/** A PFX needs a dozen. */
const MAX_DEPTH = 50;
/** Each costs some 400 bytes for a while; a keystore of 5,000 keys has fewer. */
const MAX_VALUES = 100_000;

const DATA = Buffer.from(encodeObjectIdentifier(OID.DATA)).toString("hex");

/**
 * The DER of a BER value (X.690 section 8): definite lengths, and every OCTET STRING in one piece.
 * What is inside an OCTET STRING stays as it is, because a MAC or an encryption covers it as it is.
 *
 * Nothing vouches for these bytes yet, so they are read in one pass, at a bounded cost in memory.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE for what is not BER, ERR_KEYSTORE_UNSUPPORTED for values
 *   beyond reason
 */
export function berToDer(bytes: Uint8Array): Uint8Array {
  const reader = new BerReader(bytes);
  const value = reader.value(bytes.length, 0);
  if (reader.offset !== bytes.length) throw unreadable("trailing bytes");
  return Buffer.concat(encode(value));
}

/** A cursor over BER with one-octet tags. */
class BerReader {
  readonly #bytes: Uint8Array;
  #values = 0;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next value, which must end at `limit` at the latest. */
  value(limit: number, depth: number): BerValue {
    if (++this.#values > MAX_VALUES) throw unsupported(`it has more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) throw unreadable("nested too deep");
    const tag = this.#octet(limit);
    // 0 would be an end-of-contents that ends nothing.
    if (tag === 0 || (tag & 0x1f) === 0x1f) throw unreadable(`tag ${tag}`);
    const length = this.#length(limit);
    const end = length === undefined ? undefined : this.offset + length;
    if (end !== undefined && end > limit) throw unreadable("length beyond the end");
    if ((tag & CONSTRUCTED) !== 0) return { tag, content: this.#content(limit, end, depth) };
    if (end === undefined) throw unreadable("indefinite length of octets");
    const content = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    return { tag, content };
  }

  /** All values up to `end`; where that is undefined, up to end-of-contents. */
  #content(limit: number, end: number | undefined, depth: number): BerValue[] {
    const values: BerValue[] = [];
    while (end === undefined ? !this.#atEndOfContents(limit) : this.offset < end) {
      values.push(this.value(end ?? limit, depth + 1));
    }
    if (end === undefined) this.offset += 2;
    return values;
  }

  #atEndOfContents(limit: number): boolean {
    return this.offset + 2 <= limit && this.#bytes[this.offset] === 0 &&
      this.#bytes[this.offset + 1] === 0;
  }

  #length(limit: number): number | undefined {
    const first = this.#octet(limit);
    if (first < 0x80) return first;
    if (first === 0x80) return undefined;
    let length = 0;
    for (let count = first & 0x7f; count > 0; count--) {
      length = length * 256 + this.#octet(limit);
      if (length > this.#bytes.length) throw unreadable("length beyond the end");
    }
    return length;
  }

  #octet(limit: number): number {
    const octet = this.offset < limit ? this.#bytes[this.offset] : undefined;
    if (octet === undefined) throw unreadable("end in the middle of a value");
    this.offset++;
    return octet;
  }
}

/** In pieces, like {@link wrapDer}. */
function encode({ tag, content }: BerValue): Uint8Array[] {
  if (content instanceof Uint8Array) return wrapDer(tag, [content]);
  if (tag === TAG.OCTET_STRING + CONSTRUCTED) return wrapDer(TAG.OCTET_STRING, segments(content));
  return wrapDer(tag, content.flatMap((child, index) => encodeChild(content, child, index)));
}

/**
 * EncryptedContentInfo's `encryptedContent` is [0] IMPLICIT OCTET STRING: in pieces it looks like
 * an EXPLICIT one, and only its place tells them apart (RFC 5652 section 8).
 */
function encodeChild(siblings: readonly BerValue[], child: BerValue, index: number): Uint8Array[] {
  const [contentType, algorithm] = siblings;
  const isEncryptedContent = index === 2 && siblings.length === 3 &&
    child.tag === TAG.CONTEXT_0 && algorithm?.tag === TAG.SEQUENCE &&
    contentType !== undefined && Buffer.concat(encode(contentType)).toString("hex") === DATA;
  if (!isEncryptedContent) return encode(child);
  return wrapDer(TAG.CONTEXT_0_PRIMITIVE, segments(child.content));
}

function segments(content: BerValue["content"]): Uint8Array[] {
  if (content instanceof Uint8Array) return [content];
  return content.flatMap(({ tag, content }) => {
    if ((tag & ~CONSTRUCTED) !== TAG.OCTET_STRING) throw unreadable("segment of another type");
    return segments(content);
  });
}
