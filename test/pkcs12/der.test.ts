import { Buffer } from "node:buffer";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import { DerReader } from "../../src/pkcs12/der_reader.ts";
import {
  encodeBmpString,
  encodeDer,
  encodeObjectIdentifier,
  encodeUnsignedInteger,
} from "../../src/pkcs12/der_writer.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { TAG } from "../../src/pkcs12/tag.ts";
import { NotDerError } from "../../src/pkcs12/unreadable.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

for (const value of [0, 1, 127, 128, 255, 256, 10_000, 2 ** 31, 2 ** 40]) {
  test(`reads the INTEGER ${value} that it wrote`, () => {
    assert.is(new DerReader(encodeUnsignedInteger(value)).unsignedInteger(), value);
  });
}

for (const [name, oid] of Object.entries(OID)) {
  test(`reads the identifier ${name} that it wrote`, () => {
    assert.is(new DerReader(encodeObjectIdentifier(oid)).objectIdentifier(), oid);
  });
}

for (const length of [0, 127, 128, 255, 256, 65_535, 65_536]) {
  test(`reads content of ${length} octets that it wrote`, () => {
    const reader = new DerReader(encodeDer(TAG.OCTET_STRING, new Uint8Array(length).fill(7)));
    assert.is(reader.content(TAG.OCTET_STRING).length, length);
    reader.finish();
  });
}

test("writes octets that X.690 and RFC 8017 give as examples", () => {
  assert.equal(encodeObjectIdentifier("1.2.840.113549"), hex("06062a864886f70d"));
  assert.equal(encodeObjectIdentifier("2.999.3"), hex("0603883703"));
  assert.equal(encodeUnsignedInteger(128), hex("02020080"));
  assert.equal(encodeBmpString("é😀"), hex("1e0600e9d83dde00"));
});

const MALFORMED: readonly (readonly [what: string, der: string])[] = [
  ["nothing", ""],
  ["a tag alone", "04"],
  ["a length beyond the end", "040501"],
  ["a length that lies about its own length", "0484"],
  ["a high tag number", "1f8101ff"],
  ["another tag", "020101"],
];

for (const [what, der] of MALFORMED) {
  test(`refuses ${what} where an OCTET STRING belongs`, () => {
    assert.throws(
      () => new DerReader(hex(der)).content(TAG.OCTET_STRING),
      (error: unknown) =>
        error instanceof AppError && error.code === "ERR_KEYSTORE_UNREADABLE" &&
        !(error instanceof NotDerError),
    );
  });
}

const BER: readonly (readonly [what: string, der: string])[] = [
  ["indefinite length", "0480"],
  ["padded length", "04810100"],
  ["a length padded to five octets", "04850000000001ff"],
];

for (const [what, der] of BER) {
  test(`leaves a value of ${what} to the reader of BER`, () => {
    assert.throws(
      () => new DerReader(hex(der)).content(TAG.OCTET_STRING),
      (error: unknown) => error instanceof NotDerError,
    );
  });
}

for (const der of ["0200", "0201ff", "02020001", "020800ffffffffffffff"]) {
  test(`refuses ${der} as a count`, () => {
    assert.throws(
      () => new DerReader(hex(der)).unsignedInteger(),
      (error: unknown) => error instanceof AppError,
    );
  });
}

test("refuses octets that nobody reads", () => {
  const reader = new DerReader(hex("040005"));
  reader.content(TAG.OCTET_STRING);
  assert.throws(() => reader.finish(), (error: unknown) => error instanceof AppError);
});

test.run();
