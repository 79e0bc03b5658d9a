import { test } from "uvu";
import * as assert from "uvu/assert";
import { isNext, parseKeyEvent } from "../../src/client/key_event.ts";

const AT = "2026-11-23T08:00:00.000Z";

const EVENTS: readonly [event: string | undefined, data: string, type: string, alias?: string][] = [
  ["revoked", JSON.stringify({ alias: "a", at: AT }), "revoked", "a"],
  ["changed", JSON.stringify({ alias: "a", at: AT, more: 1 }), "changed", "a"],
  ["ready", JSON.stringify({ at: AT }), "ready"],
  ["suspended", JSON.stringify({ alias: "a", at: AT }), "reloaded"],
  [undefined, JSON.stringify({ alias: "a", at: AT }), "reloaded"],
  ["revoked", "{", "reloaded"],
  ["revoked", "", "reloaded"],
  ["created", JSON.stringify({ alias: 1, at: AT }), "reloaded"],
  ["ready", JSON.stringify({ alias: "a" }), "reloaded"],
];

for (const [event, data, type, alias] of EVENTS) {
  test(`reads ${event} ${data} as ${type}`, () => {
    assert.equal(parseKeyEvent({ event, data, id: "e.1" }), { type, alias, id: "e.1" });
  });
}

const IDS: readonly [previous: string, id: string | undefined, isNext: boolean][] = [
  ["e.1", "e.1", true],
  ["e.1", "e.2", true],
  ["e.9", "e.10", true],
  ["e.1", "e.3", false],
  ["e.2", "e.1", false],
  ["e.1", "f.2", false],
  ["e.1", "2", false],
  ["e.1", "", false],
  ["e.1", undefined, false],
  ["", "", false],
];

for (const [previous, id, expected] of IDS) {
  test(`${id} ${expected ? "follows" : "does not follow"} ${previous}`, () => {
    assert.is(isNext(previous, id), expected);
  });
}

test.run();
