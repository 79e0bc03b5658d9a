import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { encodeUnsignedInteger } from "../../src/pkcs12/der_writer.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { decodePfx, encodePfx } from "../../src/pkcs12/pfx.ts";
import { newSafeBag } from "../../src/pkcs12/safe_bag.ts";
import { openSecretBag, sealSecretBag } from "../support/secret_bag.ts";
import { FIXTURES, keysOf, readFixture } from "../support/fixtures.ts";

const METRICSHUB = FIXTURES[1];
if (METRICSHUB === undefined) throw new Error("no fixture");
const BYTES = readFixture(METRICSHUB.name);

async function refusal(bytes: Uint8Array, password: string): Promise<ErrorCode> {
  try {
    await decodePfx(bytes, keysOf(password));
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  throw new Error("it was accepted");
}

for (const { name, password, names } of FIXTURES) {
  test(`opens ${name}`, async () => {
    const pfx = await decodePfx(readFixture(name), keysOf(password));
    const bags = pfx.contents.flatMap((content) => content.bags ?? []);
    assert.equal(bags.map((bag) => bag.friendlyName), names);
  });

  test(`writes ${name} again with every part as it was`, async () => {
    const keys = keysOf(password);
    const before = await decodePfx(readFixture(name), keys);
    const after = await decodePfx(await encodePfx(before, keys), keys);
    assert.equal(
      after.contents.map((content) => Buffer.from(content.encoding ?? [])),
      before.contents.map((content) => Buffer.from(content.encoding ?? [])),
    );
    assert.is(after.mac.digest, "sha256");
    assert.is(after.mac.iterations, 10_000);
  });

  test(`refuses another password for ${name}`, async () => {
    assert.is(await refusal(readFixture(name), "wrong"), "ERR_KEYSTORE_UNREADABLE");
  });
}

test("writes a file of JDK 17 octet for octet as it was", async () => {
  const keys = keysOf(METRICSHUB.password);
  assert.equal(new Uint8Array(await encodePfx(await decodePfx(BYTES, keys), keys)), BYTES);
});

test("refuses a file cut off anywhere", async () => {
  for (let length = 0; length < BYTES.length; length += 97) {
    const code = await refusal(BYTES.slice(0, length), METRICSHUB.password);
    assert.is(code, "ERR_KEYSTORE_UNREADABLE", `cut at ${length}`);
  }
  const code = await refusal(BYTES.slice(0, -1), METRICSHUB.password);
  assert.is(code, "ERR_KEYSTORE_UNREADABLE");
});

test("refuses a file with more behind it", async () => {
  const longer = new Uint8Array([...BYTES, 0]);
  assert.is(await refusal(longer, METRICSHUB.password), "ERR_KEYSTORE_UNREADABLE");
});

test("refuses every single flipped bit of envelope and MAC, and some of the content", async () => {
  const macStart = BYTES.length - 80;
  for (let index = 0; index < BYTES.length; index += index < 40 || index > macStart ? 1 : 131) {
    for (const bit of index < 40 || index > macStart ? [0, 3, 7] : [5]) {
      const flipped = BYTES.slice();
      flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
      const code = await refusal(flipped, METRICSHUB.password);
      // An algorithm identifier or a count may turn into one that this program does not do.
      const isUnsupported = code === "ERR_KEYSTORE_UNSUPPORTED" && index > macStart;
      if (!isUnsupported) assert.is(code, "ERR_KEYSTORE_UNREADABLE", `bit ${bit} of ${index}`);
    }
  }
});

/** The MAC's iteration count is the last value of the file: `02 02 27 10`. */
function withMacIterations(iterations: number): Uint8Array {
  const integer = encodeUnsignedInteger(iterations);
  const bytes = new Uint8Array([...BYTES.slice(0, -4), ...integer]);
  const grown = integer.length - 4;
  bytes[3] = (bytes[3] ?? 0) + grown; // the PFX's own length, 30 82 hi lo
  const macData = BYTES.length - 79; // 30 4d
  assert.equal([...BYTES.slice(macData, macData + 2)], [0x30, 0x4d]);
  bytes[macData + 1] = 0x4d + grown;
  return bytes;
}

for (const iterations of [10_000_001, 2 ** 32, 2 ** 46]) {
  test(`does not attempt ${iterations} iterations`, async () => {
    const code = await refusal(withMacIterations(iterations), METRICSHUB.password);
    assert.is(code, "ERR_KEYSTORE_UNSUPPORTED");
  });
}

test("attempts a count within reason", async () => {
  const code = await refusal(withMacIterations(10_001), METRICSHUB.password);
  assert.is(code, "ERR_KEYSTORE_UNREADABLE");
});

test("refuses a file without a MAC, which anybody could have altered", async () => {
  const bytes = new Uint8Array(BYTES.slice(0, BYTES.length - 79));
  bytes[2] = (bytes.length - 4) >> 8;
  bytes[3] = (bytes.length - 4) & 0xff;
  assert.is(await refusal(bytes, METRICSHUB.password), "ERR_KEYSTORE_UNSUPPORTED");
});

test("refuses more than 64 MiB unread", async () => {
  const code = await refusal(new Uint8Array(64 * 1024 * 1024 + 1), METRICSHUB.password);
  assert.is(code, "ERR_KEYSTORE_UNSUPPORTED");
});

test("finds and keeps secret bags in an encrypted SafeContents", async () => {
  const store = keysOf("store");
  const entry = keysOf("secret");
  const bagValue = await sealSecretBag(new TextEncoder().encode("payload"), entry);
  const bag = newSafeBag(OID.SECRET_BAG, bagValue, "api_key:x", new Uint8Array([1]));
  const bytes = await encodePfx({
    contents: [{ kind: "encryptedData", encoding: undefined, bags: [bag] }],
    mac: (await decodePfx(BYTES, keysOf(METRICSHUB.password))).mac,
  }, store);
  assert.not.ok(Buffer.from(bytes).includes(Buffer.from(bag.encoding)), "it is not encrypted");
  const [content] = (await decodePfx(bytes, keysOf("store"))).contents;
  assert.is(content?.kind, "encryptedData");
  const [read] = content?.bags ?? [];
  assert.is(read?.friendlyName, "api_key:x");
  const payload = await openSecretBag(read?.bagValue ?? bagValue, entry);
  assert.is(new TextDecoder().decode(payload), "payload");
});

test.run();
