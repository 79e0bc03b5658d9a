import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { TAG } from "../../src/pkcs12/tag.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";
import { integer } from "./build.ts";
import { MAC_DIGESTS, sealPfx } from "./envelope.ts";
import { OWN_SAFES } from "./own_safes.ts";
import { STORE_PASSWORD } from "./passwords.ts";
import { openSafe } from "./unseal.ts";
import { encodeValue, slotsBelow, type Value, valueAt } from "./value.ts";

const LARGE = "jdk17-1000-keys.p12";
const KEPT_OF_LARGE = 4;
const ITERATIONS = 4;

/**
 * Every fixture and every AuthenticatedSafe of our own as a file that is quick to read, by name.
 * It takes a while: the fixtures' many iterations have to be gone through once.
 */
export function makeSeeds(): Map<string, Uint8Array> {
  const safes = new Map<string, Value>();
  for (const { name, password } of FIXTURES) safes.set(name, openFixture(name, password));
  safes.set(LARGE, openFixture(LARGE, BUILT_IN_PASSWORD));
  for (const [name, make] of Object.entries(OWN_SAFES)) safes.set(`${name}.p12`, make());
  return new Map(Array.from(safes, ([name, safe], index) => [name, seal(safe, index)]));
}

function openFixture(name: string, password: string): Value {
  const safe = openSafe(readFixture(name), password);
  if (safe === undefined) throw new TypeError(`${name} is not in DER`);
  for (const { value } of slotsBelow(safe)) lowerIterations(value);
  const bags = valueAt(safe, 0, 1, 0, 0)?.content;
  if (name === LARGE && Array.isArray(bags)) bags.length = KEPT_OF_LARGE;
  return safe;
}

/** An OCTET STRING before an INTEGER is a salt, and the INTEGER its iterations. */
function lowerIterations({ content }: Value): void {
  if (!Array.isArray(content)) return;
  const [salt, iterations] = content;
  if (salt?.tag === TAG.OCTET_STRING && iterations?.tag === TAG.INTEGER) {
    content[1] = integer(ITERATIONS);
  }
}

/** Each with another MAC. */
function seal(safe: Value, index: number): Uint8Array {
  const digest = MAC_DIGESTS[index % MAC_DIGESTS.length] ?? "sha256";
  const salt = new Uint8Array(index % 3 === 0 ? 8 : 20).fill(index);
  const iterations = index % 4 === 0 ? undefined : index;
  return encodeValue(sealPfx(encodeValue(safe), STORE_PASSWORD, { digest, salt, iterations }));
}
