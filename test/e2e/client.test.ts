// Programs that check keys in their own process: what they hear of, and when they stop believing.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  apiKeyGuard,
  AppError,
  connect,
  type KeyVerifier,
  openVerifier,
  type VerifyPurpose,
} from "../../src/client.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { apikey, execute } from "../support/execute.ts";
import { GAMES } from "../support/groups.ts";
import { createdKey, createKey } from "../support/keys_api.ts";
import { measured } from "../support/measured.ts";
import { failure } from "../support/open_keystore.ts";
import { requiring } from "../support/requirements.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { asUser, RUNTIME, type User } from "../support/users.ts";

const REVOCATIONS = 25;
const RACES = 20;
const CHECKS = 500_000;
const PEER = join(import.meta.dirname, "..", "support", "verifying_peer.ts");

function start(folder: TemporaryFolder, ...args: readonly string[]): Promise<Daemon> {
  return startDaemon(folder.file(KEYSTORE_NAME), folder.file("apikey.sock"), args);
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, what);
    await setImmediate();
  }
}

function knows(verifier: KeyVerifier, key: string): boolean {
  return verifier.verifyNow(key)?.valid === true;
}

/** Until the answer comes from memory, as it does once events flow. */
async function learn(verifier: KeyVerifier, key: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!knows(verifier, key)) {
    assert.ok(performance.now() < deadline, "the verifier does not learn");
    await verifier.verify(key).catch(() => undefined);
    await sleep(20);
  }
}

test("typed calls do what the command does", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  using client = await connect({ socket: daemon.socket });
  const { key } = await client.createKey({ alias: "report" });
  assert.is((await client.listKeys())[0]?.alias, "report");
  assert.is((await client.status()).server.pid, daemon.pid);
  const expected = { valid: true, code: "VALID", alias: "report", expiresAt: null };
  assert.equal(await client.verify(key), expected);
  const batch = await client.verifyBatch([key, "x", key]);
  assert.equal(batch.map(({ valid }) => valid), [true, false, true]);
  const revised = await client.reviseKey("report", { owner: "ops", networks: ["10.0.0.0/8"] });
  assert.equal([revised.owner, revised.networks], ["ops", ["10.0.0.0/8"]]);
  assert.is((await client.verify(key)).code, "FORBIDDEN_NETWORK");
  assert.is((await client.verify(key, { clientAddress: "10.1.1.1" })).valid, true);
  const [far] = await client.verifyBatch([key], { clientAddress: "11.1.1.1" });
  assert.is(far?.code, "FORBIDDEN_NETWORK");
  const rotated = await client.rotateKey("report", { graceSeconds: 0 });
  assert.is(rotated.previous, null);
  assert.is((await client.verify(key)).code, "NOT_FOUND");
  assert.is((await client.getKey("report")).maskedKey.slice(-4), rotated.key.slice(-4));
  await client.revokeKey("report");
  assert.is((await client.verify(rotated.key)).valid, false);
  await failure("ERR_ALIAS_UNKNOWN", () => client.revokeKey("report"));
});

test("a revocation reaches those who remember the key", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  using client = await connect({ socket: daemon.socket });
  await using verifier = await openVerifier({ socket: daemon.socket });
  const lags: number[] = [];
  for (let i = 0; i < REVOCATIONS; i++) {
    const { alias, key } = await client.createKey({ alias: `k${i}` });
    await learn(verifier, key);
    let returnedAt = Infinity;
    const revoking = client.revokeKey(alias).then(() => returnedAt = performance.now());
    await until("a revoked key is forgotten", () => !knows(verifier, key));
    lags.push(Math.max(0, performance.now() - await revoking));
    assert.ok(returnedAt < Infinity);
    assert.is((await verifier.verify(key)).valid, false);
  }
  lags.sort((a, b) => a - b);
  const [median = Infinity, max = Infinity] = [lags[REVOCATIONS >> 1], lags.at(-1)];
  const of = `median of ${REVOCATIONS} revocations, max ${max.toFixed(1)} ms`;
  measured(`refused ${median.toFixed(1)} ms after the revocation has returned (${of})`);
  // The one promise about time: it takes a few milliseconds, also on a machine that is busy.
  assert.ok(median < 100);
});

const PURPOSES: readonly (readonly [VerifyPurpose, boolean])[] = [
  [{ scope: "mcp:read", clientAddress: "10.0.0.1" }, true],
  [{ clientAddress: "10.0.0.1" }, true],
  [{ scope: "rest:read", clientAddress: "10.0.0.1" }, false],
  [{ scope: "mcp:read", clientAddress: "11.0.0.1" }, false],
  [{ scope: "mcp:read" }, false],
  [{}, false],
];

test("memory remembers a key for each purpose by itself, until any of it changes", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  using client = await connect({ socket: daemon.socket });
  const restrictions = { scopes: ["mcp:*"], networks: ["10.0.0.0/8"] };
  const { key } = await client.createKey({ alias: "bound", ...restrictions });
  await using verifier = await openVerifier({ socket: daemon.socket });
  for (let round = 0; round < 3; round++) {
    for (const [purpose, isValid] of PURPOSES) {
      const about = JSON.stringify(purpose);
      assert.is((await verifier.verify(key, purpose)).valid, isValid, about);
      const known = verifier.verifyNow(key, purpose);
      // Only what is valid is remembered.
      assert.is(known?.valid ?? false, isValid, about);
    }
    const forged = JSON.stringify([key, "mcp:read", "10.0.0.1"]);
    assert.is((await verifier.verify(forged)).valid, false);
  }
  await client.reviseKey("bound", { networks: ["11.0.0.0/8"] });
  await until("what has changed is forgotten", () => !verifier.verifyNow(key, PURPOSES[0]![0]));
  for (const [purpose] of PURPOSES) {
    const isValid = purpose.clientAddress === "11.0.0.1";
    assert.is((await verifier.verify(key, purpose)).valid, isValid, JSON.stringify(purpose));
  }
  await client.reviseKey("bound", { disabled: true });
  await until("a disabled key is forgotten", () => !verifier.verifyNow(key, PURPOSES[3]![0]));
  assert.is((await verifier.verify(key, PURPOSES[3]![0])).code, "DISABLED");
});

test("a guard asks for what its routes need, and from where requests come", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  using client = await connect({ socket: daemon.socket });
  const { key } = await client.createKey({
    alias: "bound",
    scopes: ["mcp:read"],
    networks: ["10.0.0.0/8"],
  });
  await using verifier = await openVerifier({ socket: daemon.socket });
  const app = new Hono();
  const clientAddress = (context: Context) => context.req.query("from");
  app.use("/read", apiKeyGuard({ verifier, scope: "mcp:read", clientAddress }));
  app.use("/write", apiKeyGuard({ verifier, scope: "mcp:write", clientAddress }));
  app.use("/blind", apiKeyGuard({ verifier }));
  app.all("*", (context) => context.text("in"));
  const rows = [
    ["/read?from=10.0.0.1", 200],
    ["/read?from=11.0.0.1", 401],
    ["/read", 401],
    ["/write?from=10.0.0.1", 401],
    ["/blind", 401],
  ] as const;
  for (let round = 0; round < 2; round++) {
    for (const [path, status] of rows) {
      const answer = await app.request(path, { headers: { Authorization: key } });
      assert.is(answer.status, status, path);
    }
  }
});

test("a key that is rotated is known under its name until its grace ends or it is revoked", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  using client = await connect({ socket: daemon.socket });
  const { key } = await client.createKey({ alias: "a" });
  await using verifier = await openVerifier({ socket: daemon.socket });
  await learn(verifier, key);
  const rotated = await client.rotateKey("a", { graceSeconds: 86_400 });
  await learn(verifier, key);
  await learn(verifier, rotated.key);
  assert.is(verifier.verifyNow(key)?.alias, "a");
  await client.revokeKey("a~1");
  await until("the key before is forgotten", () => !knows(verifier, key));
  assert.is((await verifier.verify(key)).valid, false);
  assert.is((await verifier.verify(rotated.key)).valid, true);
});

test("memory answers without asking", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  const key = createdKey(await createKey(daemon.socket, "a"));
  await using verifier = await openVerifier({ socket: daemon.socket });
  await learn(verifier, key);
  // Of this process's own time: the machine may have other things to do.
  const started = process.cpuUsage();
  let passed = 0;
  for (let i = 0; i < CHECKS; i++) if (knows(verifier, key)) passed++;
  const { user, system } = process.cpuUsage(started);
  assert.is(passed, CHECKS);
  measured(
    `${((CHECKS / (user + system)) * 1_000).toFixed(0)} thousand checks a second from memory`,
  );
});

test("an answer that crosses a revocation is never believed afterwards", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  using client = await connect({ socket: daemon.socket });
  await using verifier = await openVerifier({ socket: daemon.socket });
  for (let i = 0; i < RACES; i++) {
    const { alias, key } = await client.createKey({ alias: `r${i}` });
    let isRevoked = false;
    const asking = Array.from({ length: 8 }, async () => {
      while (!isRevoked) {
        await verifier.verify(key);
        await sleep(Math.random() * 3);
      }
    });
    await sleep(Math.random() * 10);
    await client.revokeKey(alias);
    const late = Array.from({ length: 8 }, () => verifier.verify(key));
    isRevoked = true;
    await Promise.all([...asking, ...late]);
    await until("a revoked key is forgotten", () => !knows(verifier, key));
    for (let k = 0; k < 5; k++) {
      assert.not.ok((await verifier.verify(key)).valid);
      assert.not.ok(knows(verifier, key));
      await sleep(2);
    }
  }
});

test("a daemon that stands still is not believed for long, and then again", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  const key = createdKey(await createKey(daemon.socket, "a"));
  const options = { socket: daemon.socket, maxSilenceMs: 3_000, timeoutMs: 500 };
  await using verifier = await openVerifier(options);
  await learn(verifier, key);
  daemon.signal("SIGSTOP");
  const stopped = performance.now();
  try {
    assert.ok((await verifier.verify(key)).valid);
    await until("the silence ends belief", () => !knows(verifier, key));
    measured(
      `believed for ${(performance.now() - stopped).toFixed(0)} ms of silence (3000 allowed)`,
    );
    await failure("ERR_SOCKET", () => verifier.verify(key));
  } finally {
    daemon.signal("SIGCONT");
  }
  await learn(verifier, key);
});

test("a daemon that is killed is not believed for long; its successor tells the truth", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  const daemon = await start(folder);
  const [kept, gone] = [
    createdKey(await createKey(daemon.socket, "kept")),
    createdKey(await createKey(daemon.socket, "gone")),
  ];
  await using brief = await openVerifier({ socket: daemon.socket, maxSilenceMs: 4_000 });
  await using lasting = await openVerifier({ socket: daemon.socket, maxSilenceMs: 60_000 });
  for (const verifier of [brief, lasting]) {
    for (const key of [kept, gone]) await learn(verifier, key);
  }
  await daemon[Symbol.asyncDispose]();
  assert.ok(knows(brief, kept));
  const { status } = await apikey(["revoke", "gone", "--keystore", keystore]);
  assert.is(status, 0);
  await until("the silence ends belief", () => !knows(brief, kept));
  await failure("ERR_DAEMON_UNREACHABLE", () => brief.verify(kept));
  assert.ok(knows(lasting, gone));
  await using _successor = await start(folder);
  await until("what has been missed is forgotten", () => !knows(lasting, gone));
  for (const verifier of [brief, lasting]) {
    await learn(verifier, kept);
    assert.not.ok((await verifier.verify(gone)).valid);
  }
});

test("a guard waits for no daemon, and lets nobody pass until there is one", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("apikey.sock");
  const codes: unknown[] = [];
  const onError = (error: unknown) => codes.push(error instanceof AppError ? error.code : error);
  const app = new Hono();
  app.use(apiKeyGuard({ socket, onError }));
  app.get("/", (context) => context.text("in"));
  const ask = async (key: string) =>
    (await app.request("/", { headers: { Authorization: key } })).status;
  assert.equal([await ask("x"), codes], [503, ["ERR_DAEMON_UNREACHABLE"]]);
  await using _daemon = await start(folder);
  const key = createdKey(await createKey(socket, "a"));
  assert.equal([await ask("x"), await ask(key)], [401, 200]);
  assert.throws(() => apiKeyGuard({ socket, maxKeys: 0 }), TypeError);
});

test("a guard that nobody listens to says why it refuses, and not for each request", async () => {
  using folder = temporaryFolder();
  const app = new Hono();
  app.use(apiKeyGuard({ socket: folder.file("apikey.sock") }));
  const said: string[] = [];
  const { warn } = console;
  console.warn = (...words: unknown[]) => said.push(words.join(" "));
  try {
    const headers = { Authorization: "x" };
    for (let i = 0; i < 3; i++) assert.is((await app.request("/", { headers })).status, 503);
  } finally {
    console.warn = warn;
  }
  assert.is(said.length, 1);
  assert.match(said[0] ?? "", /no daemon listens at .* \(ERR_DAEMON_UNREACHABLE\)$/);
});

async function peer(user: User | undefined, order: object): Promise<Record<string, unknown>> {
  const argv = [...RUNTIME, PEER];
  const input = JSON.stringify(order);
  const outcome = await execute(user === undefined ? argv : asUser(user, argv), { input });
  assert.is(outcome.status, 0, outcome.stderr);
  return JSON.parse(outcome.stdout);
}

const PEERS: readonly { readonly user: User; readonly error?: string }[] = [
  { user: { uid: 0 } },
  { user: { uid: 1000, groups: [GAMES.gid] } },
  { user: { uid: 1000, gid: GAMES.gid } },
  { user: { uid: 1000 }, error: "ERR_FORBIDDEN" },
  { user: { uid: 1000, asMappedRoot: true }, error: "ERR_FORBIDDEN" },
];

for (const mode of [[], ["--socket-mode", "666"]]) {
  requiring(test, "linux", "root", "setpriv", "unshare")(
    `members of the verifier group may check keys, strangers may not; ${mode.join(" ")}`,
    async () => {
      using folder = temporaryFolder(0o755);
      await using daemon = await start(folder, "--verifier-group", String(GAMES.gid), ...mode);
      const key = createdKey(await createKey(daemon.socket, "a"));
      for (const { user, error } of PEERS) {
        const result = await peer(user, { socket: daemon.socket, key });
        const about = JSON.stringify(user);
        if (error !== undefined) assert.is(result["error"], error, about);
        else assert.equal(result["codes"], ["VALID", "VALID"], about);
      }
    },
  );
}

test("a verifier keeps digests and no keys, and no process running", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  const key = createdKey(await createKey(daemon.socket, "the-alias"));
  const isNode = process.versions["deno"] === undefined;
  const snapshot = folder.file("heap.json");
  const order = { socket: daemon.socket, key, ...(isNode ? { snapshot } : {}) };
  const result = await peer(undefined, order);
  assert.equal(result, { codes: ["VALID", "VALID"], fresh: true, isThere: true });
  if (!isNode) return; // Deno writes no heap snapshots.
  assert.ok(existsSync(snapshot));
  const heap = readFileSync(snapshot, "latin1");
  assert.ok(heap.includes("the-alias"));
  assert.not.ok(heap.includes(key), "the key is on the heap");
});

test.run();
