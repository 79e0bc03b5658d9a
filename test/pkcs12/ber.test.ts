import { Buffer } from "node:buffer";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import { berToDer } from "../../src/pkcs12/ber.ts";
import { decodePfx } from "../../src/pkcs12/pfx.ts";
import { FIXTURES, keysOf, readFixture } from "../support/fixtures.ts";

/** Rewrites DER as the most indefinite BER: no lengths, and every OCTET STRING in two segments. */
function indefinite(der: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < der.length;) {
    const tag = der[offset] ?? 0;
    const { length, head } = lengthAt(der, offset + 1);
    const start = offset + 1 + head;
    const content = der.subarray(start, start + length);
    offset = start + length;
    if ((tag & 0x20) !== 0) {
      parts.push(Buffer.from([tag, 0x80]), indefinite(content), Buffer.from([0, 0]));
    } else if (tag === 0x04 || tag === 0x80) {
      const middle = content.length >> 1;
      parts.push(Buffer.from([tag | 0x20, 0x80]));
      parts.push(segment(content.subarray(0, middle)), segment(content.subarray(middle)));
      parts.push(Buffer.from([0, 0]));
    } else {
      parts.push(Buffer.from(der.subarray(start - head - 1, offset)));
    }
  }
  return Buffer.concat(parts);
}

function lengthAt(der: Uint8Array, offset: number): { length: number; head: number } {
  const first = der[offset] ?? 0;
  if (first < 0x80) return { length: first, head: 1 };
  let length = 0;
  for (let i = 1; i <= (first & 0x7f); i++) length = length * 256 + (der[offset + i] ?? 0);
  return { length, head: 1 + (first & 0x7f) };
}

function segment(content: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from([0x04, 0x84, 0, 0, content.length >> 8, content.length & 0xff]),
    content,
  ]);
}

for (const { name, password, names } of FIXTURES) {
  test(`opens ${name} with an envelope in indefinite lengths`, async () => {
    const { contents } = await decodePfx(indefinite(readFixture(name)), keysOf(password));
    const bags = contents.flatMap((content) => content.bags ?? []);
    assert.equal(bags.map((bag) => bag.friendlyName), names);
  });
}

test("turns BER into the DER that it stands for", () => {
  const der = readFixture("jdk17-mixed-certificates.p12");
  assert.equal(new Uint8Array(berToDer(indefinite(der))), der);
});

test("puts together an encryptedContent in segments", () => {
  // EncryptedContentInfo: data, an algorithm, [0] IMPLICIT OCTET STRING.
  const der = Buffer.from("3014" + "06092a864886f70d010701" + "30020500" + "8003aabbcc", "hex");
  assert.equal(Buffer.from(berToDer(indefinite(der))), der);
});

test("reads a length padded to any size", () => {
  const ber = Buffer.from("308a0000000000000000000a" + "048700000000000001ff", "hex");
  assert.equal(Buffer.from(berToDer(ber)), Buffer.from("30030401ff", "hex"));
});

test("puts together segments of segments", () => {
  const ber = Buffer.from("2480" + "0401aa" + "24060401bb0401cc" + "2400" + "0000", "hex");
  assert.equal(Buffer.from(berToDer(ber)), Buffer.from("0403aabbcc", "hex"));
});

test("keeps what it need not understand", () => {
  // A GeneralizedTime, a private and an application type.
  const der = Buffer.from("300a" + "180178" + "c20100" + "62020500", "hex");
  assert.equal(Buffer.from(berToDer(der)), der);
});

/** What costs far more than its size to a parser that makes an object of every octet or level. */
const BOMBS: Readonly<Record<string, () => Buffer>> = {
  "levels": () => Buffer.alloc(2_000_000, Buffer.from([0x30, 0x80])),
  "values": () => Buffer.concat([Buffer.from([0x30, 0x80]), Buffer.alloc(2_000_000, "\x05\0")]),
  "arcs": () => Buffer.concat([Buffer.from("3080068400200000", "hex"), Buffer.alloc(1 << 21, 1)]),
  "ends": () => Buffer.concat([Buffer.from("30840020000000", "hex"), Buffer.alloc(1 << 21)]),
};

for (const [what, make] of Object.entries(BOMBS)) {
  test(`refuses a file of nothing but ${what}`, () => {
    assert.throws(() => berToDer(make()), (error: unknown) => error instanceof AppError);
  });
}

for (
  const garbage of [
    "",
    "30",
    "3080",
    "3080040100",
    "ffff",
    "3003020101ff",
    "30020000",
    "0480",
    "24030201ff",
    "3005",
    "30ff",
    "1f0100",
    "30840102",
  ]
) {
  test(`refuses '${garbage}' with a typed error`, () => {
    assert.throws(
      () => berToDer(Buffer.from(garbage, "hex")),
      (error: unknown) => error instanceof AppError && error.code === "ERR_KEYSTORE_UNREADABLE",
    );
  });
}

test.run();
