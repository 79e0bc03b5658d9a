import { setImmediate } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import { indexContent, openKeys } from "../../src/keystore/keystore_content.ts";
import { Secret } from "../../src/model/secret.ts";
import { portablePkcs12Kdf } from "../../src/pkcs12/key_derivation.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { PasswordKeys } from "../../src/pkcs12/password_keys.ts";
import { decodePfx } from "../../src/pkcs12/pfx.ts";
import { TAG } from "../../src/pkcs12/tag.ts";
import type { Pkcs12Kdf } from "../../src/platform/pkcs12_kdf.ts";
import { data, encryptedData, secretBag } from "../fuzz/bags.ts";
import { integer, objectIdentifier, octetString, sequence } from "../fuzz/build.ts";
import { sealPfx } from "../fuzz/envelope.ts";
import { STORE_PASSWORD } from "../fuzz/passwords.ts";
import { encodeValue, parseValues, slotsBelow, type Value } from "../fuzz/value.ts";

const UNSUPPORTED = "ERR_KEYSTORE_UNSUPPORTED";
const MAC = { digest: "sha256", salt: new Uint8Array(8), iterations: 1 } as const;

/** Keys whose derivations take a single iteration, whatever is asked for, and that is noted. */
function countingKeys(password = STORE_PASSWORD) {
  const derived: number[] = [];
  const kdf: Pkcs12Kdf = (derivation) => {
    derived.push(derivation.iterations);
    return portablePkcs12Kdf({ ...derivation, iterations: 1 });
  };
  return { keys: new PasswordKeys(new Secret(password), kdf), derived };
}

/** A keystore that opens with such keys, and claims to take so many iterations wherever it can. */
function keystoreOf(iterations: number, ...parts: Value[]): Uint8Array {
  const content = parseValues(encodeValue(sequence(...parts))) ?? [];
  for (const { value, siblings, index } of slotsBelow({ tag: 0, content })) {
    const isCount = value.tag === TAG.INTEGER && siblings[index - 1]?.tag === TAG.OCTET_STRING;
    if (isCount) siblings[index] = integer(iterations);
  }
  return encodeValue(
    sealPfx(Buffer.concat(content.map((value) => encodeValue(value))), STORE_PASSWORD, MAC),
  );
}

/** Java's legacy encryption, which takes two derivations. */
function legacyScheme(salt: number): Value {
  return sequence(
    objectIdentifier(OID.PBE_SHA1_3KEY_3DES_CBC),
    sequence(octetString(Uint8Array.of(salt >> 8, salt & 0xff)), integer(1)),
  );
}

function legacyKeys(count: number): Value[] {
  const key = "9a2f6a1e-7f0c-4b53-8a39-3de8a2a9d0c4";
  return Array.from(
    { length: count },
    (_, i) => secretBag(`api_key:k${i}`, key, legacyScheme(i)),
  );
}

async function codeOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return undefined;
}

test("derives no more than it is allowed to", async () => {
  const { keys, derived } = countingKeys();
  const salts = [1, 2, 3].map((octet) => Uint8Array.of(octet)) as [Uint8Array, ...Uint8Array[]];
  const derive = (bounded: PasswordKeys, index: number, iterations: number) => () =>
    bounded.pkcs12("KEY", "sha1", salts[index] ?? new Uint8Array(), iterations, 24);
  const bounded = keys.within(100);
  assert.is(await codeOf(derive(bounded, 0, 60)), undefined);
  assert.is(await codeOf(derive(bounded, 1, 41)), UNSUPPORTED);
  assert.is(await codeOf(derive(bounded, 1, 40)), undefined);
  // What is known already costs nothing, and what is written is not bounded.
  assert.is(await codeOf(derive(bounded, 0, 60)), undefined);
  assert.is(await codeOf(derive(keys, 2, 1_000)), undefined);
  assert.is(await codeOf(derive(bounded, 2, 1_000)), undefined);
  assert.equal(derived, [60, 40, 1_000]);
  assert.is(
    await codeOf(() => bounded.pbkdf2("sha256", new Uint8Array(), 1, 32)),
    UNSUPPORTED,
  );
});

test("lets others have the thread between two derivations", async () => {
  const { keys, derived } = countingKeys();
  const turns: number[] = [];
  let done = false;
  const others = async () => {
    for (; !done; await setImmediate()) turns.push(derived.length);
  };
  const work = Array.from(
    { length: 10 },
    (_, i) => keys.pkcs12("KEY", "sha1", Uint8Array.of(i), 1, 24),
  );
  const watching = others();
  await Promise.all(work);
  done = true;
  await watching;
  for (let count = 1; count < 10; count++) {
    assert.ok(turns.includes(count), `nothing else ran after derivation ${count}: ${turns}`);
  }
});

test("refuses a file whose parts together ask for too many iterations", async () => {
  const parts = [0, 1].map((salt) => encryptedData(legacyScheme(salt)));
  for (const [iterations, code] of [[2_400_000, undefined], [2_600_000, UNSUPPORTED]] as const) {
    const { keys, derived } = countingKeys();
    assert.is(await codeOf(() => decodePfx(keystoreOf(iterations, ...parts), keys)), code);
    assert.is(derived.length, code === undefined ? 5 : 4);
  }
});

test("opens a Java keystore of 1,000 keys with 50,000 iterations each", async () => {
  const file = keystoreOf(50_000, data(...legacyKeys(1_000)));
  const { keys, derived } = countingKeys("secret");
  const content = indexContent(await decodePfx(file, countingKeys().keys), keys);
  const opened = await openKeys(content);
  assert.is(opened.filter(({ lastCharacters }) => lastCharacters === "d0c4").length, 1_000);
  assert.equal(derived, Array(2_000).fill(50_000));
});

test("refuses to open keys that together ask for too many iterations", async () => {
  const file = keystoreOf(5_000_000, data(...legacyKeys(100)));
  const { keys, derived } = countingKeys("secret");
  const content = indexContent(await decodePfx(file, countingKeys().keys), keys);
  assert.is(await codeOf(() => openKeys(content)), UNSUPPORTED);
  assert.equal(derived, []);
});

test.run();
