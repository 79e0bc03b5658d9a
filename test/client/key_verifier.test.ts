import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openClient } from "../../src/client/client.ts";
import { KeyVerifier } from "../../src/client/key_verifier.ts";
import { AppError } from "../../src/errors.ts";
import { systemClock } from "../../src/model/instant.ts";
import { failure } from "../support/open_keystore.ts";
import {
  type StandInDaemon,
  type StandInStream,
  startStandIn,
  valid,
} from "../support/stand_in_daemon.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

interface Scene {
  readonly daemon: StandInDaemon;
  readonly verifier: KeyVerifier;
  /** What the verifier takes for the time. */
  readonly time: { elapsedMs: number };
  /** Its first stream. */
  readonly stream: StandInStream;
  /** Whether memory says that this key is valid. */
  readonly knows: (key: string) => boolean;
}

/** Runs `act` with a verifier that follows a stand-in, which takes every key for its alias. */
async function play(act: (scene: Scene) => Promise<void>, isReady = true): Promise<void> {
  using folder = temporaryFolder();
  await using daemon = await startStandIn(folder.file("s"));
  daemon.verify = (key) => valid(key);
  const time = { elapsedMs: 0 };
  await using verifier = openAt(daemon.socket, time);
  const stream = await daemon.nextStream();
  if (isReady) {
    stream.tell("ready", 1);
    await verifier.opened();
  }
  const knows = (key: string) => verifier.verifyNow(key)?.valid === true;
  await act({ daemon, verifier, time, stream, knows });
}

function openAt(path: string, time: { readonly elapsedMs: number }, assertTrusted = () => {}) {
  const connection = { path, assertTrusted };
  return new KeyVerifier({
    connection,
    client: openClient({ connection, timeoutMs: 2_000, maxConnections: 4 }),
    maxSilenceMs: 5_000,
    maxKeys: 100,
    clock: systemClock,
    elapsedMs: () => time.elapsedMs,
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i++) await sleep(5);
  assert.ok(condition(), String(condition));
}

test("asks once for a key, and by the events again", () =>
  play(async ({ daemon, verifier, stream, knows }) => {
    for (let i = 0; i < 3; i++) assert.ok((await verifier.verify("a")).valid);
    await verifier.verify("b");
    assert.equal(daemon.asked, ["a", "b"]);
    stream.tell("revoked", 2, "a");
    await until(() => !knows("a"));
    assert.ok(knows("b"));
    await verifier.verify("a");
    assert.equal(daemon.asked, ["a", "b", "a"]);
  }));

test("remembers nothing before `ready`", () =>
  play(async ({ daemon, verifier, stream, knows }) => {
    await verifier.verify("a");
    stream.tell("created", 1, "other");
    stream.write(":\n\n");
    await sleep(50);
    await verifier.verify("a");
    assert.not.ok(knows("a"));
    assert.is(daemon.asked.length, 2);
  }, false));

const MEANWHILE: readonly [what: string, act: (stream: StandInStream) => void][] = [
  ["its key is revoked", (stream) => stream.tell("revoked", 2, "a")],
  ["all keys are reloaded", (stream) => stream.tell("reloaded", 2)],
  ["an event comes that nobody knows", (stream) => stream.tell("rotated", 2, "a")],
  ["the stream ends", (stream) => stream.end()],
];

for (const [what, act] of MEANWHILE) {
  test(`does not remember an answer during which ${what}`, () =>
    play(async ({ daemon, verifier, stream, knows }) => {
      const answer = Promise.withResolvers<void>();
      daemon.verify = async (key) => (await answer.promise, valid(key));
      const verification = verifier.verify("a");
      await until(() => daemon.asked.length === 1);
      act(stream);
      const next = what === "the stream ends" ? await daemon.nextStream() : stream;
      next.tell("ready", what === "the stream ends" ? 1 : 2);
      next.tell("created", what === "the stream ends" ? 2 : 3, "mark");
      await sleep(100);
      answer.resolve();
      assert.ok((await verification).valid);
      assert.not.ok(knows("a"));
    }));
}

const FORGETTING: readonly [what: string, act: (stream: StandInStream) => void][] = [
  ["`reloaded`", (stream) => stream.tell("reloaded", 2)],
  ["an event of an unknown type", (stream) => stream.tell("rotated", 2, "other")],
  ["an event without alias", (stream) => stream.tell("revoked", 2)],
  ["data that is no JSON", (stream) => stream.write("id: e.2\nevent: created\ndata: {\n\n")],
  ["a missing event", (stream) => stream.tell("created", 3, "other")],
  ["an event without id", (stream) => stream.write(plain.replace("id: e.2\n", ""))],
  ["another epoch", (stream) => stream.write(plain.replace("e.2", "f.2"))],
];
const plain =
  `id: e.2\nevent: created\ndata: {"alias":"other","at":"2026-11-23T08:00:00.000Z"}\n\n`;

for (const [what, act] of FORGETTING) {
  test(`forgets all keys on ${what}`, () =>
    play(async ({ verifier, stream, knows }) => {
      await verifier.verify("a");
      act(stream);
      await until(() => !knows("a"));
      await verifier.verify("a");
      assert.ok(knows("a"));
    }));
}

test("after a silence asks the daemon, until it hears of it", () =>
  play(async ({ daemon, verifier, time, stream, knows }) => {
    await verifier.verify("a");
    time.elapsedMs = 5_000;
    assert.not.ok(verifier.isFresh);
    await verifier.verify("a");
    assert.is(daemon.asked.length, 2);
    stream.write(":\n\n");
    await until(() => knows("a"));
    assert.ok(verifier.isFresh);
  }));

test("goes on after the last event, and counts as blind until it has caught up", () =>
  play(async ({ daemon, verifier, time, stream, knows }) => {
    for (const key of ["a", "b"]) await verifier.verify(key);
    stream.tell("created", 2, "c");
    stream.end();
    const next = await daemon.nextStream();
    assert.is(next.lastEventId, "e.2");
    assert.ok(knows("a"));
    time.elapsedMs = 5_000;
    next.tell("created", 3, "d");
    next.write(":\n\n");
    await sleep(50);
    assert.not.ok(knows("b"));
    next.tell("revoked", 4, "a");
    next.tell("ready", 4);
    await until(() => knows("b"));
    assert.not.ok(knows("a"));
  }));

test("forgets all where the stream cannot go on", () =>
  play(async ({ daemon, verifier, stream, knows }) => {
    await verifier.verify("a");
    stream.end();
    const next = await daemon.nextStream();
    assert.ok(knows("a"));
    next.tell("reloaded", 1);
    next.tell("ready", 1);
    await until(() => !knows("a"));
  }));

test("resumes only once where a daemon cannot do it", () =>
  play(async ({ daemon, verifier, stream, knows }) => {
    await verifier.verify("a");
    stream.end();
    const next = await daemon.nextStream();
    assert.is(next.lastEventId, "e.1");
    next.end();
    assert.is((await daemon.nextStream()).lastEventId, undefined);
    assert.not.ok(knows("a"));
  }));

test("forgets all at once when it may not follow any more", () =>
  play(async ({ daemon, verifier, stream, knows }) => {
    await verifier.verify("a");
    daemon.refuseEvents = (response) => {
      response.statusCode = 403;
      response.end(JSON.stringify({ title: "Forbidden", status: 403, code: "ERR_FORBIDDEN" }));
    };
    stream.end();
    await until(() => !knows("a"));
    daemon.refuseEvents = undefined;
    (await daemon.nextStream()).tell("ready", 1);
    await until(() => verifier.isFresh);
  }));

const NONSENSE: readonly [what: string, text: string][] = [
  ["an endless line", `data: ${"x".repeat(200_000)}`],
  ["an endless event", "data: x\n".repeat(50_000)],
];

for (const [what, text] of NONSENSE) {
  test(`leaves a stream with ${what}`, () =>
    play(async ({ daemon, stream }) => {
      stream.write(text);
      await daemon.nextStream();
    }));
}

test("leaves a stream that falls silent, and garbage is silence", () =>
  play(async ({ daemon, stream }) => {
    const garbage = setInterval(() => stream.write("garbage\n\n"), 100);
    const started = performance.now();
    try {
      await daemon.nextStream();
    } finally {
      clearInterval(garbage);
    }
    assert.ok(performance.now() - started > 2_000);
  }));

test("without a daemon nothing is valid", () =>
  play(async ({ daemon, verifier, time }) => {
    await verifier.verify("a");
    await daemon[Symbol.asyncDispose]();
    assert.ok((await verifier.verify("a")).valid);
    time.elapsedMs = 5_000;
    await failure("ERR_DAEMON_UNREACHABLE", () => verifier.verify("a"));
    assert.is(verifier.verifyNow("a"), undefined);
  }));

test("closed, it knows nothing", () =>
  play(async ({ verifier }) => {
    await verifier.verify("a");
    await verifier.close();
    assert.is(verifier.verifyNow("a"), undefined);
    await failure("ERR_SOCKET", () => verifier.verify("a"));
  }));

test("opening fails with the reason", async () => {
  using folder = temporaryFolder();
  const path = folder.file("s");
  const opening = async (assertTrusted?: () => void) => {
    await using verifier = openAt(path, { elapsedMs: 0 }, assertTrusted);
    await verifier.opened();
  };
  await failure("ERR_DAEMON_UNREACHABLE", () => opening());
  await using daemon = await startStandIn(path);
  await failure("ERR_DAEMON_UNTRUSTED", () =>
    opening(() => {
      throw new AppError("ERR_DAEMON_UNTRUSTED", "no");
    }));
  daemon.refuseEvents = (response) => response.end("hello");
  await failure("ERR_DAEMON_UNREACHABLE", () => opening());
  daemon.refuseEvents = (response) => response.destroy();
  await failure("ERR_SOCKET", () => opening());
});

test("follows a daemon that comes back at the same place", async () => {
  using folder = temporaryFolder();
  const path = folder.file("s");
  let daemon = await startStandIn(path);
  await using verifier = openAt(path, { elapsedMs: 0 });
  (await daemon.nextStream()).tell("ready", 1);
  await verifier.opened();
  await daemon[Symbol.asyncDispose]();
  rmSync(path, { force: true });
  daemon = await startStandIn(path);
  const stream = await daemon.nextStream();
  assert.is(stream.lastEventId, "e.1");
  daemon.verify = (key) => valid(key);
  assert.ok((await verifier.verify("a")).valid);
  await daemon[Symbol.asyncDispose]();
});

test.run();
