import { randomInt, randomUUID } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { KeyFinder } from "../../src/cli/key_finder.ts";
import { KeyFilter } from "../../src/model/key_filter.ts";
import { UUID_OCTETS, uuidFingerprint } from "../../src/model/uuid.ts";

const SEED = 12_345;
/** One may begin in another one. */
const UUID_V4 = /(?=([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}))/gi;

function fingerprint(text: string): number | undefined {
  return uuidFingerprint(Buffer.from(text, "latin1"), 0, SEED);
}

/** Lets everything pass that is a UUID. */
const OPEN = new KeyFilter(new Uint8Array(8).fill(0xff));

function find(filter: KeyFilter, pieces: readonly Uint8Array[]): string[] {
  const finder = new KeyFinder({ seed: SEED, filter });
  return pieces.flatMap((piece) =>
    [...finder.find(piece)].map(({ text, offset }) => `${text} ${offset}`)
  );
}

function expected(octets: Uint8Array): string[] {
  const text = Buffer.from(octets).toString("latin1");
  return Array.from(text.matchAll(UUID_V4), (match) => `${match[1]?.toLowerCase()} ${match.index}`);
}

function inPieces(octets: Uint8Array, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < octets.length;) {
    const end = at + 1 + randomInt(most);
    pieces.push(octets.subarray(at, end));
    at = end;
  }
  return pieces;
}

const ALPHABET = ["", " ", "\n", "-", "4", "a", "F", "x", "--------", "0123456789abcdef", "\u00ff"];

/** UUIDs, halves of them, and what may be taken for them. */
function noise(): Uint8Array {
  const parts = Array.from({ length: 60 }, () => {
    const uuid = randomUUID();
    const kind = randomInt(6);
    if (kind === 0) return uuid.toUpperCase();
    if (kind === 1) return uuid.slice(0, randomInt(36));
    if (kind === 2) return uuid.slice(randomInt(36));
    if (kind === 3) return uuid.replace(/4/, "5");
    if (kind === 4) return ALPHABET[randomInt(ALPHABET.length)];
    return uuid;
  });
  return Buffer.from(parts.join(ALPHABET[randomInt(ALPHABET.length)]), "latin1");
}

test("finds what a regular expression finds, however the octets come", () => {
  let found = 0;
  for (let round = 0; round < 300; round++) {
    const octets = noise();
    const all = expected(octets);
    found += all.length;
    for (const most of [1, 7, UUID_OCTETS - 1, UUID_OCTETS, 100, octets.length]) {
      assert.equal(find(OPEN, inPieces(octets, most)), all, `pieces of ${most}`);
    }
  }
  assert.ok(found > 1_000);
});

test("tells UUIDs apart, in either case, and nothing else", () => {
  const uuid = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
  assert.type(fingerprint(uuid), "number");
  assert.is(fingerprint(uuid.toUpperCase()), fingerprint(uuid));
  assert.is.not(uuidFingerprint(Buffer.from(uuid), 0, SEED + 1), fingerprint(uuid));
  for (let at = 0; at < UUID_OCTETS; at++) {
    for (const other of ["g", "-", "\u0000", "\u00ff"]) {
      if (uuid[at] === other) continue;
      const changed = uuid.slice(0, at) + other + uuid.slice(at + 1);
      assert.is(fingerprint(changed), undefined, changed);
    }
    if (uuid[at] === "-" || at === 14) continue;
    const digit = uuid[at] === "0" ? "1" : "0";
    assert.is.not(fingerprint(uuid.slice(0, at) + digit + uuid.slice(at + 1)), fingerprint(uuid));
  }
  const many = new Set(Array.from({ length: 20_000 }, () => fingerprint(randomUUID())));
  assert.ok(many.size > 19_990, "a few may have the same one");
});

test("lets those pass that have been added, and few others", () => {
  for (const count of [0, 10, 1_000, 20_000]) {
    const keys = Array.from({ length: count }, () => fingerprint(randomUUID())!);
    const filter = KeyFilter.forCount(count);
    for (const key of keys) filter.add(key);
    const sent = new KeyFilter(
      Buffer.from(Buffer.from(filter.bitmap).toString("base64"), "base64"),
    );
    assert.ok(keys.every((key) => sent.passes(key)));
    const others = Array.from({ length: 20_000 }, () => fingerprint(randomUUID())!);
    const passed = others.filter((other) => sent.passes(other)).length;
    assert.ok(passed < 20_000 / 100, `${passed} of 20,000 pass`);
  }
});

test.run();
