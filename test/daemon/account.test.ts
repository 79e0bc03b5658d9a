import { test } from "uvu";
import * as assert from "uvu/assert";
import { Account } from "../../src/daemon/account.ts";
import { BURST_SECONDS } from "../../src/daemon/allowances.ts";

const RATE = 1_000;
const BURST = RATE * BURST_SECONDS;

function takeAll(account: Account): number {
  let count = 0;
  while (account.take(1)) count++;
  return count;
}

test("gives a burst at once, and then what becomes due", () => {
  let nowMs = 0;
  const account = new Account({ connections: 1, requestsPerSecond: RATE }, () => nowMs);
  assert.is(takeAll(account), BURST);
  nowMs += 10;
  assert.is(takeAll(account), RATE / 100);
  nowMs += 60_000;
  assert.is(takeAll(account), BURST);
});

test("charges what has been done already to what becomes due", () => {
  let nowMs = 0;
  const account = new Account({ connections: 1, requestsPerSecond: RATE }, () => nowMs);
  takeAll(account);
  for (let i = 0; i < 10; i++) account.charge(BURST);
  nowMs += 1_000 * BURST_SECONDS;
  assert.not(account.take(1));
  nowMs += 10;
  assert.ok(account.take(1));
});

test("takes nothing where that would be too much", () => {
  const account = new Account({ connections: 1, requestsPerSecond: RATE }, () => 0);
  assert.ok(account.take(1));
  assert.not(account.take(BURST));
  assert.ok(account.take(BURST - 1));
  assert.not(account.take(1));
});

test("takes a whole burst for what is more than that, as it would never be there", () => {
  const account = new Account({ connections: 1, requestsPerSecond: RATE }, () => 0);
  assert.ok(account.take(BURST * 10));
  assert.not(account.take(1));
});

test("has no end where there is no limit", () => {
  const account = new Account({ connections: 1, requestsPerSecond: Infinity }, () => 0);
  for (let i = 0; i < 1_000; i++) assert.ok(account.take(1e9));
  assert.ok(account.isUnused);
});

test("is unused once everything is there again, and no connection is", () => {
  let nowMs = 0;
  const account = new Account({ connections: 1, requestsPerSecond: RATE }, () => nowMs);
  assert.ok(account.isUnused);
  account.take(1);
  assert.not(account.isUnused);
  nowMs += 1;
  account.connections++;
  assert.not(account.isUnused);
  account.connections--;
  assert.ok(account.isUnused);
});

test.run();
