import { randomUUID } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { digestKey } from "../../src/model/key_digest.ts";

/** Not in this file's text, which is in memory, too. */
const KEY = randomUUID();

/** In memory of their own, as `Buffer.from` does not give them. */
function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test("is the same of a text and of its octets, and of nothing else", () => {
  assert.is(digestKey(octetsOf(KEY)), digestKey(KEY));
  assert.is(digestKey(octetsOf("größe")), digestKey("größe"));
  assert.is.not(digestKey(KEY), digestKey(`${KEY} `));
  assert.match(digestKey(""), /^[0-9a-f]{64}$/);
});

test("leaves no octets of a key in the memory that buffers share", () => {
  digestKey(octetsOf(KEY));
  const shared = Buffer.from(Buffer.allocUnsafe(1).buffer);
  assert.is(shared.indexOf(octetsOf(KEY)), -1);
});

test.run();
