import { decodeObjectIdentifier, knownObjectIdentifier } from "./object_identifier.ts";
import { TAG } from "./tag.ts";
import { NotDerError, unreadable } from "./unreadable.ts";

/**
 * A cursor over DER (X.690 section 10) that hands out views of the bytes it stands on and copies
 * nothing. It knows definite, minimal lengths and one-octet tags, which is all that PKCS#12 needs.
 *
 * Every method throws AppError ERR_KEYSTORE_UNREADABLE when the bytes are not what it asks for, and
 * its subclass NotDerError where BER would allow them.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }

  /** The tag that comes next; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#offset < this.#end ? this.#bytes[this.#offset] : undefined;
  }

  /** Steps into a constructed value, past which this reader then stands. */
  enter(tag: number): DerReader {
    const { contentStart, end } = this.#element(tag);
    this.#offset = end;
    return new DerReader(this.#bytes, contentStart, end);
  }

  /** The content octets of the next value. */
  content(tag: number): Uint8Array {
    const { contentStart, end } = this.#element(tag);
    this.#offset = end;
    return this.#view(contentStart, end);
  }

  /** The whole encoding of the next value: tag, length and content. */
  encoding(tag?: number): Uint8Array {
    const start = this.#offset;
    const { end } = this.#element(tag);
    this.#offset = end;
    return this.#view(start, end);
  }

  /** A non-negative INTEGER of at most 48 bits. */
  unsignedInteger(): number {
    const content = this.content(TAG.INTEGER);
    const [first, second] = content;
    if (first === undefined || first >= 0x80) throw unreadable("negative or empty INTEGER");
    if (first === 0 && second !== undefined && second < 0x80) throw unreadable("padded INTEGER");
    if (content.length > 6) throw unreadable("INTEGER out of range");
    return content.reduce((value, octet) => value * 256 + octet, 0);
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  objectIdentifier(): string {
    const { contentStart, end } = this.#element(TAG.OBJECT_IDENTIFIER);
    this.#offset = end;
    return knownObjectIdentifier(this.#bytes, contentStart, end) ??
      decodeObjectIdentifier(this.#view(contentStart, end));
  }

  /** @throws unless everything has been read: bytes that nobody reads could hide a change. */
  finish(): void {
    if (this.#offset !== this.#end) throw unreadable("trailing bytes");
  }

  /** The end of an AlgorithmIdentifier whose parameters are NULL or absent. */
  finishWithoutParameters(): void {
    if (this.nextTag !== undefined && this.content(TAG.NULL).length > 0) {
      throw unreadable("NULL with content");
    }
    this.finish();
  }

  /** Never a Buffer, whose views are slower to make and larger. */
  #view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start);
  }

  #element(expectedTag: number | undefined): { contentStart: number; end: number } {
    const tag = this.nextTag;
    if (tag === undefined || (expectedTag !== undefined && tag !== expectedTag)) {
      if (tag !== undefined && tag === (expectedTag ?? 0) + 0x20) throw new NotDerError("segments");
      throw unreadable(`tag ${tag} where ${expectedTag} belongs`);
    }
    if ((tag & 0x1f) === 0x1f) throw unreadable("high tag number");
    const { length, octets } = this.#length(this.#offset + 1);
    const contentStart = this.#offset + 1 + octets;
    const end = contentStart + length;
    if (end > this.#end) throw unreadable("length beyond the end");
    return { contentStart, end };
  }

  #length(at: number): { length: number; octets: number } {
    const first = at < this.#end ? this.#bytes[at] : undefined;
    if (first === undefined) throw unreadable("no length");
    if (first < 0x80) return { length: first, octets: 1 };
    const count = first & 0x7f;
    if (count === 0) throw new NotDerError("indefinite length");
    if (count > 4) throw new NotDerError("long length");
    if (at + count >= this.#end) throw unreadable("length out of range");
    let length = 0;
    for (let i = 1; i <= count; i++) length = length * 256 + (this.#bytes[at + i] ?? 0);
    if (length < 0x80 || length < 256 ** (count - 1)) throw new NotDerError("long length");
    return { length, octets: 1 + count };
  }
}
