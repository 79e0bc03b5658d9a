import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Checks, Contender } from "../../scripts/bench/verify/contender.ts";
import { runRounds } from "../../scripts/bench/verify/rounds.ts";

const ROUNDS = 6;

/** Makes so many checks in each millisecond, half of it the server's, times `drift` of the round. */
function contender(perMs: number, isSlow: boolean, drift: (run: number) => number): Contender {
  let runs = 0;
  const run = (elapsedMs: number): Checks => {
    const checks = perMs * elapsedMs * drift(runs++);
    return { checks, elapsedMs, serverMs: elapsedMs / 2, clientMs: elapsedMs / 4 };
  };
  return { what: "it", isSlow, run: (durationMs) => Promise.resolve(run(durationMs)) };
}

const silent = () => {};
const steady = () => 1;

test("rates, costs and shares are those of a round's parts together", async () => {
  const one = contender(2, false, steady);
  const results = await runRounds([one], ROUNDS, silent);
  assert.is(Math.round(results.rate(one)), 2000);
  assert.is(Math.round(results.serverUs(one)), 250);
  assert.is(results.serverShare(one), 0.5);
  assert.is(results.clientShare(one), 0.25);
});

test("what slows a whole round down leaves ratios alone", async () => {
  const drift = (run: number) => 1 + Math.floor(run / 10) % 3;
  const [one, half] = [contender(2, false, drift), contender(1, false, drift)];
  const results = await runRounds([one, half], ROUNDS, silent);
  assert.ok(Math.abs(results.ratio(half, one) - 0.5) < 1e-9);
  assert.ok(Math.abs(results.processorRatio(half, one) - 0.5) < 1e-9);
});

test("a slow one is in the round that does not count, the first and every fifth after", async () => {
  let runs = 0;
  const count = () => ++runs;
  const [quick, slow] = [contender(100, false, steady), contender(1, true, count)];
  const results = await runRounds([quick, slow], ROUNDS, silent);
  assert.is(runs, 3);
  assert.is(Math.round(results.rate(slow)), 2500);
});

test("what was not measured is not a number", async () => {
  const one = contender(1, false, steady);
  const results = await runRounds([one], 1, silent);
  assert.ok(Number.isNaN(results.rate(undefined)));
  assert.ok(Number.isNaN(results.ratio(undefined, one)));
});

test.run();
