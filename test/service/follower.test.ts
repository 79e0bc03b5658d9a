import { test } from "uvu";
import * as assert from "uvu/assert";
import { Follower } from "../../src/service/follower.ts";

test("keeps events in order until they are taken", async () => {
  const follower = new Follower<number>(10);
  for (const event of [1, 2]) follower.push(event);
  const next = () => follower.next(0);
  assert.equal([await next(), await next(), await next()], [1, 2, "silence"]);
  const waiting = follower.next(60_000);
  follower.push(3);
  assert.is(await waiting, 3);
});

test("cuts off whoever falls behind", async () => {
  const follower = new Follower<number>(2);
  for (const event of [1, 2, 3]) follower.push(event);
  assert.is(await follower.next(0), "ended");
  follower.push(4);
  assert.is(await follower.next(0), "ended");
});

test("wakes at its end", async () => {
  const follower = new Follower<number>(2);
  const waiting = follower.next(60_000);
  follower.end();
  assert.is(await waiting, "ended");
});

test.run();
