import { test } from "uvu";
import * as assert from "uvu/assert";
import { KeyMemory } from "../../src/client/key_memory.ts";
import type { EventType } from "../../src/protocol/events.ts";
import type { Instant } from "../../src/model/instant.ts";
import { digestKey } from "../../src/model/key_digest.ts";
import type { Verification } from "../../src/protocol/verification.ts";
import { UNKNOWN, valid } from "../support/stand_in_daemon.ts";

const HOUR_MS = 3_600_000;

/** A memory at a time of the test's own, with events flowing. */
function memoryAt(now = 0, maxKeys = 100) {
  const time = { clockMs: now, elapsedMs: 0 };
  const memory = new KeyMemory({
    maxSilenceMs: 5_000,
    maxKeys,
    clock: () => time.clockMs as Instant,
    elapsedMs: () => time.elapsedMs,
  });
  const tell = (type: EventType, alias?: string) => memory.apply({ type, alias, id: undefined });
  const learn = (key: string, verification: Verification) =>
    memory.remember(digestKey(key), verification, memory.revision);
  const find = (key: string) => memory.find(digestKey(key))?.code;
  tell("ready");
  return { memory, time, tell, learn, find };
}

test("answers what it has learnt, and nothing else", () => {
  const { learn, find } = memoryAt();
  learn("a", valid("one"));
  learn("b", UNKNOWN);
  assert.equal([find("a"), find("b"), find("c")], ["VALID", "NOT_FOUND", undefined]);
});

test("learns nothing before the events flow, or from an answer of another revision", () => {
  const { memory, tell, learn, find } = memoryAt();
  memory.noteBreak();
  learn("a", valid("one"));
  const asked = memory.revision;
  tell("ready");
  memory.remember(digestKey("a"), valid("one"), asked);
  assert.is(find("a"), undefined);
  learn("a", valid("one"));
  assert.is(find("a"), "VALID");
});

const EVENTS: readonly {
  readonly type: EventType;
  readonly alias?: string;
  readonly left: readonly string[];
}[] = [
  { type: "revoked", alias: "one", left: ["b"] },
  { type: "revoked", alias: "ONE", left: ["b"] },
  { type: "changed", alias: "one", left: ["b"] },
  { type: "created", alias: "one", left: ["b"] },
  { type: "created", alias: "new", left: ["a", "b"] },
  { type: "revoked", alias: "unknown", left: ["a", "b"] },
  { type: "revoked", left: [] },
  { type: "changed", left: [] },
  { type: "reloaded", left: [] },
  { type: "ready", left: ["a", "b", "x"] },
];

for (const { type, alias, left } of EVENTS) {
  test(`${type} ${alias ?? "of all"} leaves ${left.join(", ") || "nothing"}`, () => {
    const { tell, learn, find } = memoryAt();
    learn("a", valid("one"));
    learn("b", valid("two"));
    learn("x", UNKNOWN);
    tell(type, alias);
    assert.equal(["a", "b", "x"].filter((key) => find(key) !== undefined), left);
  });

  test(`${type} ${alias ?? "of all"} makes an answer on its way too old`, () => {
    const { memory, tell, find } = memoryAt();
    const asked = memory.revision;
    tell(type, alias);
    memory.remember(digestKey("a"), valid("one"), asked);
    assert.is(find("a"), undefined);
  });
}

test("answers nothing after a silence, and again after a sign of life", () => {
  const { memory, time, learn, find } = memoryAt();
  learn("a", valid("one"));
  time.elapsedMs = 4_999;
  assert.is(find("a"), "VALID");
  time.elapsedMs = 5_000;
  assert.is(find("a"), undefined);
  memory.noteContact();
  assert.is(find("a"), "VALID");
});

test("what a stream says before `ready` is no sign of life", () => {
  const { memory, time, tell, learn, find } = memoryAt();
  learn("a", valid("one"));
  memory.noteBreak();
  time.elapsedMs = 4_999;
  memory.noteContact();
  tell("created", "new");
  assert.is(find("a"), "VALID");
  time.elapsedMs = 5_000;
  assert.is(find("a"), undefined);
  tell("ready");
  assert.is(find("a"), "VALID");
});

test("leaves keys near their expiry, and expired ones, to the daemon", () => {
  const now = Date.parse("2026-10-25T00:00:00Z");
  const { time, learn, find } = memoryAt(now);
  learn("near", valid("one", new Date(now + 2 * HOUR_MS).toISOString()));
  learn("far", valid("two", new Date(now + 2 * HOUR_MS + 1).toISOString()));
  learn("past", {
    valid: false,
    code: "EXPIRED",
    alias: "three",
    expiresAt: "2020-01-01T00:00:00Z",
  });
  learn("odd", { valid: true, code: "VALID", alias: "four", expiresAt: "sometime" });
  learn("new", { valid: false, code: "DISABLED", alias: "five", expiresAt: null });
  learn("more", { valid: true, code: "LIMITED", alias: "six", expiresAt: null });
  const kept = ["near", "far", "past", "odd", "new", "more"].filter((key) => find(key));
  assert.equal(kept, ["far"]);
  time.clockMs = now + 1;
  assert.is(find("far"), undefined);
});

test("keeps no more keys than it may, and those in use rather than others", () => {
  const { learn, find } = memoryAt(0, 3);
  for (const key of ["a", "b", "c"]) learn(key, valid(key));
  assert.is(find("a"), "VALID");
  for (const key of ["d", "e"]) learn(key, valid(key));
  const kept = ["a", "b", "c", "d", "e"].filter((key) => find(key));
  assert.equal(kept, ["a", "d", "e"]);
  for (let i = 0; i < 5_000; i++) learn(`x${i}`, UNKNOWN);
  assert.is(find("x0"), undefined);
  assert.is(find("x4999"), "NOT_FOUND");
  assert.is(find("a"), "VALID");
});

test("what it answers cannot be changed", () => {
  const { memory, learn } = memoryAt();
  const answer = { ...valid("one") };
  learn("a", answer);
  answer.valid = false;
  const found = memory.find(digestKey("a"))!;
  assert.throws(() => Object.assign(found, { valid: false }), TypeError);
  assert.is(memory.find(digestKey("a"))?.valid, true);
});

test.run();
