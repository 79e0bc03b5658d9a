import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { KeyChange } from "../../src/keystore/key_change.ts";
import type { Keystore } from "../../src/keystore/keystore.ts";
import { type Alias, parseAlias } from "../../src/model/alias.ts";
import { systemClock } from "../../src/model/instant.ts";
import { ChangeFeed, type FeedEvent } from "../../src/service/change_feed.ts";
import { KeyService } from "../../src/service/keys.ts";
import { failure, openKeystore, withFolder } from "../support/open_keystore.ts";

/** Long enough never to come, and short enough to come at once. */
const NEVER_MS = 60_000;
const SOON_MS = 5;

interface Setting {
  readonly feed: ChangeFeed;
  readonly keystore: Keystore;
  readonly keys: KeyService;
  /** What another program would use. */
  readonly others: Keystore;
}

function withFeed(work: (setting: Setting) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    const keystore = openKeystore(path);
    const feed = new ChangeFeed({ keystore, clock: systemClock, log });
    const keys = new KeyService({ keystore, clock: systemClock });
    try {
      await work({ feed, keystore, keys, others: openKeystore(path) });
    } finally {
      feed.close();
    }
  });
}

function log(error: unknown): void {
  console.error(error);
  assert.unreachable("a defect");
}

type Stream = ReturnType<ChangeFeed["follow"]>;

async function take(stream: Stream, count: number): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  while (events.length < count) {
    const { value, done } = await stream.next();
    if (done) throw new Error("the stream has ended");
    if (value !== undefined) events.push(value);
  }
  return events;
}

function brief(events: readonly FeedEvent[]): string[] {
  return events.map(({ type, alias }) => [type, alias].filter(Boolean).join(" "));
}

const [A, B, C] = ["a", "b", "c"].map(parseAlias) as [Alias, Alias, Alias];

test("tells in order what becomes of keys, before whoever asked for it hears", async () => {
  await withFeed(async ({ feed, keys }) => {
    const stream = feed.follow(undefined, NEVER_MS);
    assert.equal(brief(await take(stream, 1)), ["ready"]);
    await keys.create(A);
    await Promise.all([keys.create(B), keys.create(C)]);
    await keys.revoke(A);
    const events = await take(stream, 4);
    assert.equal(brief(events), ["created a", "created b", "created c", "revoked a"]);
    assert.is(new Set(events.map(({ id }) => id)).size, 4);
    await stream.return();
    assert.is(feed.followers, 0);
  });
});

test("is heard before whoever asked for a change is told that it is done", async () => {
  await withFeed(async ({ feed, keys }) => {
    const stream = feed.follow(undefined, NEVER_MS);
    await take(stream, 1);
    for (const change of [() => keys.create(A), () => keys.revoke(A)]) {
      const order: string[] = [];
      const heard = take(stream, 1).then(() => order.push("heard"));
      await change();
      order.push("done");
      await heard;
      assert.equal(order, ["heard", "done"]);
    }
    await stream.return();
  });
});

test("tells what another program has done, and that it has", async () => {
  await withFeed(async ({ feed, keys, others }) => {
    await keys.create(A);
    await keys.create(B);
    const stream = feed.follow(undefined, NEVER_MS);
    await take(stream, 1);
    const foreign = new KeyService({ keystore: others, clock: systemClock });
    await foreign.revoke(A);
    // Nobody reads the keystore here: the feed has to look by itself.
    assert.equal(brief(await take(stream, 2)), ["revoked a", "reloaded"]);
    await foreign.revoke(B);
    await foreign.create(B);
    const events = brief(await take(stream, 2));
    // It may have seen both states or the last one only.
    assert.ok(["changed b", "revoked b"].includes(events[0] ?? ""), events.join());
    await stream.return();
  });
});

test("tells very many changes at once as one that is about all keys", async () => {
  await withFeed(async ({ feed, keys, others }) => {
    await keys.create(A);
    const stream = feed.follow(undefined, NEVER_MS);
    await take(stream, 1);
    const aliases = Array.from({ length: 600 }, (_, i) => parseAlias(`k${i}`));
    const own = Promise.all(aliases.map((alias) => keys.create(alias)));
    // A few may be saved while the others gather.
    const told: FeedEvent[] = [];
    while (told.at(-1)?.type !== "reloaded") told.push(...await take(stream, 1));
    assert.ok(told.length < 100);
    await own;
    await others.change((draft) => {
      for (const alias of [A, ...aliases]) draft.remove(alias);
    });
    assert.equal(brief(await take(stream, 1)), ["reloaded"]);
    await stream.return();
  });
});

test("tells of a restored keystore before it is said to be restored", async () => {
  await withFeed(async ({ feed, keys, keystore }) => {
    await keys.create(A);
    const bytes = await keystore.copy();
    await keys.create(B);
    const stream = feed.follow(undefined, NEVER_MS);
    await take(stream, 1);
    const order: string[] = [];
    const heard = take(stream, 2).then((events) => order.push(...brief(events)));
    await keystore.restore(bytes, () => Promise.resolve());
    order.push("restored");
    await heard;
    assert.equal(order, ["revoked b", "reloaded", "restored"]);
    await stream.return();
  });
});

test("goes on after the last event that a follower has seen", async () => {
  await withFeed(async ({ feed, keys }) => {
    const stream = feed.follow(undefined, NEVER_MS);
    const [ready] = await take(stream, 1);
    await keys.create(A);
    await keys.create(B);
    const [created] = await take(stream, 1);
    await stream.return();
    const all = feed.follow(ready?.id, NEVER_MS);
    assert.equal(brief(await take(all, 3)), ["created a", "created b", "ready"]);
    const rest = feed.follow(created?.id, NEVER_MS);
    const [missed, now] = await take(rest, 2);
    assert.equal(brief([missed, now] as FeedEvent[]), ["created b", "ready"]);
    const none = feed.follow(now?.id, NEVER_MS);
    assert.equal(brief(await take(none, 1)), ["ready"]);
    for (const each of [all, rest, none]) await each.return();
  });
});

test("says that it cannot go on after what it does not know", async () => {
  await withFeed(async ({ feed, keys }) => {
    const stream = feed.follow(undefined, NEVER_MS);
    const [ready] = await take(stream, 1);
    await keys.create(A);
    const epoch = ready?.id.split(".")[0];
    for (const id of ["", "x", "x.0", `${epoch}.2`, `${epoch}.-1`, `${epoch}.`, `${epoch}.1e0`]) {
      const other = feed.follow(id, NEVER_MS);
      assert.equal(brief(await take(other, 2)), ["reloaded", "ready"], id);
      await other.return();
    }
    await stream.return();
  });
});

test("does not try to hand on more than a follower can take", async () => {
  const listeners: ((change: KeyChange) => void)[] = [];
  const keystore = {
    read: () => Promise.resolve(),
    onChange: (listener: (change: KeyChange) => void) => listeners.push(listener),
  } as unknown as Keystore;
  const feed = new ChangeFeed({ keystore, clock: systemClock, log });
  const stream = feed.follow(undefined, NEVER_MS);
  const [ready] = await take(stream, 1);
  await stream.return();
  const missed = async (count: number) => {
    for (let i = 0; i < count; i++) for (const listen of listeners) listen({ type: "reloaded" });
    const resumed = feed.follow(ready?.id, NEVER_MS);
    const types: string[] = [];
    while (types.at(-1) !== "ready") types.push(...brief(await take(resumed, 1)));
    await resumed.return();
    return types.length - 1;
  };
  assert.is(await missed(4_095), 4_095);
  assert.is(await missed(1), 1);
  assert.is(await missed(20_000), 1);
});

test("waits for a keystore that does not open, without a word", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    const feed = new ChangeFeed({ keystore: openKeystore(path), clock: systemClock, log });
    const stream = feed.follow(undefined, SOON_MS);
    await take(stream, 1);
    writeFileSync(path, "no keystore");
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    await failure("ERR_KEYSTORE_UNREADABLE", () => feed.assertReadable());
    await sleep(100);
    rmSync(path);
    assert.is((await stream.next()).done, false);
    await stream.return();
  });
});

test("breaks the silence", async () => {
  await withFeed(async ({ feed }) => {
    const stream = feed.follow(undefined, SOON_MS);
    await take(stream, 1);
    assert.equal(await stream.next(), { value: undefined, done: false });
    assert.equal(await stream.next(), { value: undefined, done: false });
    await stream.return();
  });
});

test("ends when it is closed", async () => {
  await withFeed(async ({ feed }) => {
    const stream = feed.follow(undefined, NEVER_MS);
    await take(stream, 1);
    const next = stream.next();
    feed.close();
    assert.is((await next).done, true);
    assert.is(feed.followers, 0);
  });
});

test.run();
