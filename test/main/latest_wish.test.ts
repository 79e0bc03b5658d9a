import { test } from "uvu";
import * as assert from "uvu/assert";
import { latestWish } from "../../src/main/latest_wish.ts";

const soon = () => new Promise((resolve) => setTimeout(resolve, 0));

test("who asks before it begins is served with the others, who asks later anew", async () => {
  const releases: (() => void)[] = [];
  let running = 0;
  const ask = latestWish(async () => {
    assert.is(++running, 1);
    await new Promise<void>((resolve) => releases.push(resolve));
    running--;
  });
  for (let times = 0; times < 1_000; times++) ask();
  await soon();
  assert.is(releases.length, 1);
  for (let times = 0; times < 1_000; times++) ask();
  await soon();
  assert.is(releases.length, 1);
  releases[0]?.();
  await soon();
  assert.is(releases.length, 2);
  releases[1]?.();
  await soon();
  assert.equal([releases.length, running], [2, 0]);
});

test.run();
