// What clients can do together, or one with all its might: the administrator is served all the same.
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Crowd, startCrowd } from "../load/crowd.ts";
import { experience } from "../load/probe.ts";
import { descriptors, residentMegabytes, settled } from "../load/process_facts.ts";
import { COMMAND } from "../support/command.ts";
import { type Daemon, defectsIn, startDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { extent, IS_SOURCE, sampled } from "../support/extent.ts";
import { encodeRequest, jsonRequest } from "../support/http.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";
import type { User } from "../support/users.ts";

const VERIFIERS = 1500;
const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
/** The promise is the executable's; runtimes that load the source are slower, and keep more. */
const MOST_MS = IS_SOURCE ? 3_000 : 1_000;
/**
 * Of what a flood has made it take, a daemon gives most back once it is at rest. Deno's engine cannot
 * be asked to.
 */
const MAX_GROWTH_MB = COMMAND.some((word) => word.endsWith("deno")) ? 350 : 60;

const KEPT = { Connection: "keep-alive" };
const PRESENTED = { Authorization: `Bearer ${KEY}` };
const CHECK = encodeRequest({ method: "GET", path: "/v1/auth", headers: PRESENTED });
const CHECKS = encodeRequest({
  method: "GET",
  path: "/v1/auth",
  headers: { ...KEPT, ...PRESENTED },
});
const PIECEMEAL = "POST /v1/verify HTTP/1.1\r\nHost: localhost\r\n" +
  "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const EXPECTING = encodeRequest({ method: "GET", path: "/x", headers: { ...KEPT, Expect: "x" } });
const ENDLESS = encodeRequest({
  method: "GET",
  path: "/v1/auth",
  headers: { ...KEPT, "Content-Length": "99999999999" },
});
const BATCHES = encodeBatch(Array.from({ length: 1_000 }, () => KEY));

function encodeBatch(keys: readonly string[]): string {
  const request = jsonRequest("POST", "/v1/verify/batch", { keys });
  return encodeRequest({ ...request, headers: { ...request.headers, ...KEPT } });
}

function verifier(number: number): User {
  return { uid: 2_000 + number, gid: VERIFIERS };
}

function verifiers(count: number): User[] {
  return Array.from({ length: count }, (_, number) => verifier(number));
}

const STRANGER: User = { uid: 3_000 };

interface Context {
  folder: TemporaryFolder;
  daemon: Daemon;
  megabytes: number;
  /** Of the daemon at rest. */
  open: number;
}

const load = suite<Context>("load");
const test = requiring(load, "linux", "root", "setpriv");

load.before(async (context) => {
  context.folder = temporaryFolder(0o755);
  const args = ["--socket-mode", "666", "--verifier-group", String(VERIFIERS)];
  const keystore = context.folder.keystore("jdk17-metricshub.p12");
  context.daemon = await startDaemon(keystore, context.folder.file("apikey.sock"), args);
  // Whatever is loaded or opened only once is there from now on.
  await asked(context.daemon, sleep(500));
  context.open = await settled(() => descriptors(context.daemon.pid), 0, 1_000);
  context.megabytes = residentMegabytes(context.daemon.pid);
});

load.after(async ({ folder, daemon }) => {
  await daemon?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

/** Whatever goes on: the administrator is answered, at once and each time. */
async function asked(daemon: Daemon, done: Promise<unknown>, about?: string): Promise<void> {
  const { samples, medianMs, worstMs, failures } = await experience(daemon.socket, done);
  await done;
  if (about === undefined) return;
  const times = `median ${medianMs.toFixed(1)} ms, worst ${worstMs.toFixed(0)} ms`;
  measured(`${about}: status ${times} of ${samples}`);
  assert.equal(failures, [], about);
  assert.ok(samples > 0 && worstMs < MOST_MS, `${about}: ${worstMs} ms`);
}

/** Does something to a daemon, which is afterwards as before. */
async function unharmed(
  { daemon, open }: Context,
  work: () => Promise<void>,
): Promise<void> {
  await work();
  assert.is(await settled(() => descriptors(daemon.pid), open), open, "descriptors");
  assert.equal(defectsIn(daemon.output()), []);
}

test("2,000 idle connections of 20 users", async (context: Context) => {
  const { daemon, open } = context;
  await unharmed(context, async () => {
    const order = { kind: "idle", socket: daemon.socket, connections: 100 };
    await using crowd = await startCrowd(verifiers(20), order);
    // Connected is not yet accepted.
    const missing = await settled(() => open + 2_000 - descriptors(daemon.pid), 0);
    assert.is(missing, 0);
    await asked(daemon, sleep(1_500), "2,000 idle connections");
    // Of one user as many as one may have, and no more.
    await using greedy = await startCrowd([verifier(20)], { ...order, connections: 600 });
    await asked(daemon, sleep(500), "and as many as one user gets");
    const { opened, closed = 0 } = await greedy.end();
    assert.equal([opened, closed], [600, 600 - 512]);
    await crowd.end();
  });
});

test("200 slow senders, and 100 who do not read", async (context: Context) => {
  const { daemon } = context;
  await unharmed(context, async () => {
    const start = (kind: string, from: number) => {
      const users = [verifier(from), verifier(from + 1)];
      return startCrowd(users, { kind, socket: daemon.socket, connections: 50, request: BATCHES });
    };
    await using _heads = await start("slowHeads", 0);
    await using _bodies = await start("slowBodies", 2);
    await using _readers = await start("slowReaders", 4);
    await asked(daemon, sleep(4_000), "200 slow senders, 100 who do not read");
  });
});

interface Flood {
  readonly about: string;
  readonly kind: string;
  readonly request?: string;
  readonly user?: User;
}

const FLOODS: readonly Flood[] = [
  { about: "a verifier's checks", kind: "ask", request: CHECKS },
  { about: "a verifier's batches of 1,000", kind: "ask", request: BATCHES },
  { about: "a verifier's connections", kind: "churn" },
  {
    about: "a verifier's connections for one check each",
    kind: "churnWithRequest",
    request: CHECK,
  },
  { about: "a verifier's checks, answers unread", kind: "pipeline", request: CHECKS },
  { about: "a verifier's body in a million pieces", kind: "sendPieces", request: PIECEMEAL },
  {
    about: "a stranger's body in a million pieces",
    kind: "sendPieces",
    request: PIECEMEAL,
    user: STRANGER,
  },
  {
    about: "a stranger's expectations, answers unread",
    kind: "pipeline",
    request: EXPECTING,
    user: STRANGER,
  },
  { about: "a verifier's bodies of no end", kind: "sendPieces", request: ENDLESS },
  { about: "a stranger's checks", kind: "ask", request: CHECKS, user: STRANGER },
  { about: "a stranger's connections", kind: "churn", user: STRANGER },
];

const FLOOD_MS = IS_SOURCE ? 1_000 : extent({ whole: 2_500, part: 1_500 });

for (const { about, kind, request = "", user = verifier(0) } of sampled(FLOODS, 3)) {
  test(`a flood of ${about}`, async (context: Context) => {
    const { daemon } = context;
    const { socket } = daemon;
    await unharmed(context, async () => {
      await using flood = await startCrowd([user], { kind, socket, connections: 128, request });
      const order = { kind: "askPolitely", socket, connections: 1, request: CHECK };
      await using polite = await startCrowd([verifier(1)], order);
      await asked(daemon, sleep(FLOOD_MS), about);
      const { status, stderr } = await apikey(["status", "--socket", socket]);
      assert.is(status, 0, stderr);
      await judgePolite(about, polite);
      measured(`${about}: ${JSON.stringify(await flood.end())}`);
    });
  });
}

/** Nor does another user who asks for little suffer. */
async function judgePolite(about: string, crowd: Crowd): Promise<void> {
  const { "worst ms": worstMs = NaN, ...statuses } = await crowd.end();
  measured(`${about}: another verifier waits ${worstMs} ms at the most`);
  assert.equal(Object.keys(statuses), ["204"], JSON.stringify(statuses));
}

test("10,000 requests aborted at any moment", async (context: Context) => {
  const { daemon } = context;
  await unharmed(context, async () => {
    const users = [verifier(0), verifier(1), { uid: 0 }];
    const order = { kind: "abort", socket: daemon.socket, connections: 32, times: 4_000 };
    const aborting = startCrowd(users, { ...order, request: BATCHES });
    await asked(daemon, aborting, "10,000 aborted requests");
    const { aborted = 0 } = await (await aborting).end();
    assert.ok(aborted >= 10_000, `${aborted} aborted`);
  });
});

test("memory is back where it was", async ({ daemon, megabytes }: Context) => {
  const most = megabytes + MAX_GROWTH_MB;
  let after = residentMegabytes(daemon.pid);
  // Garbage is collected when there is something to do.
  for (let seconds = 0; after > most && seconds < 20; seconds++) {
    await asked(daemon, sleep(1_000));
    after = residentMegabytes(daemon.pid);
  }
  measured(`memory ${megabytes.toFixed(0)} MB before, ${after.toFixed(0)} MB after all that`);
  assert.ok(after <= most, `${after} MB`);
});

load.run();
