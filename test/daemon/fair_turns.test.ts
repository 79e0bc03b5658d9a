import { setImmediate as turn } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FairTurns } from "../../src/daemon/fair_turns.ts";

test("lets askers take turns, each in their own order", async () => {
  const turns = new FairTurns<string>();
  const started: string[] = [];
  const ask = (asker: string, count: number) => {
    for (let i = 1; i <= count; i++) {
      turns.wait(asker, { start: () => started.push(`${asker}${i}`), isGone: () => false });
    }
  };
  ask("a", 4);
  ask("b", 2);
  ask("c", 1);
  for (let i = 0; i < 10; i++) await turn();
  assert.is(started.join(" "), "a1 b1 c1 a2 b2 a3 a4");
});

test("starts one at a time", async () => {
  const turns = new FairTurns<string>();
  let started = 0;
  for (let i = 0; i < 3; i++) turns.wait("a", { start: () => started++, isGone: () => false });
  assert.is(started, 0);
  for (let i = 1; i <= 3; i++) {
    await turn();
    assert.ok(started <= i, `${started} after ${i}`);
  }
  for (let i = 0; i < 3; i++) await turn();
  assert.is(started, 3);
});

test("those who have gone take up no turn", async () => {
  const turns = new FairTurns<string>();
  const started: number[] = [];
  for (let i = 0; i < 1_000; i++) {
    turns.wait(i % 2 ? "a" : "b", { start: () => started.push(i), isGone: () => i < 998 });
  }
  for (let i = 0; i < 3; i++) await turn();
  assert.equal(started.sort(), [998, 999]);
});

test.run();
