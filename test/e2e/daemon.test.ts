// The daemon's life: one per keystore and socket, through crashes, to an orderly end.
import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { type Daemon, startDaemon, startDaemonWith } from "../support/daemon.ts";
import { apikey, execute } from "../support/execute.ts";
import { fixturePath, readFixture } from "../support/fixtures.ts";
import { encodeRequest, jsonRequest, parseAnswer, send } from "../support/http.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import { copyFixture, temporaryFolder } from "../support/temporary_folder.ts";

const FIXTURE = "jdk17-metricshub.p12";
const LIST = { method: "GET", path: "/v1/keys" };

async function aliases(daemon: Daemon): Promise<string[]> {
  const { status, body } = await send(daemon.socket, LIST);
  assert.is(status, 200, body);
  return (JSON.parse(body) as { keys: { alias: string }[] }).keys.map(({ alias }) => alias);
}

test("a second daemon ends with 5 and names the first", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  const other = copyFixture(FIXTURE, folder.file("other.p12"));
  const link = folder.file("link.p12");
  symlinkSync(keystore, link);
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  const rows = [
    { about: "same keystore", args: ["--keystore", keystore, "--socket", folder.file("other")] },
    { about: "same by a link", args: ["--keystore", link, "--socket", folder.file("other")] },
    { about: "same socket", args: ["--keystore", other, "--socket", daemon.socket] },
  ];
  for (const { about, args } of rows) {
    const { status, stdout, stderr } = await apikey(["daemon", ...args]);
    assert.equal([status, stdout], [5, ""], `${about}: ${stderr}`);
    assert.match(stderr, new RegExp(`^[^\n]*\\b${daemon.pid}\\b[^\n]*\n$`), about);
  }
  assert.is((await aliases(daemon)).length, 3);
});

test("SIGHUP, as nohup's shell and a reload send it, does not end a daemon", async () => {
  using folder = temporaryFolder();
  await using daemon = await startDaemon(folder.keystore(FIXTURE), folder.file("apikey.sock"));
  daemon.signal("SIGHUP");
  await sleep(300);
  assert.is((await aliases(daemon)).length, 3);
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0);
});

test("commands on a keystore that a daemon holds end with 5 and name the daemon", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  const link = folder.file("link.p12");
  symlinkSync(keystore, link);
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  for (const command of [["list"], ["create", "x"], ["revoke", "retired"], ["status"]]) {
    for (const path of [keystore, link]) {
      const { status, stdout, stderr } = await apikey([...command, "--keystore", path]);
      assert.equal([status, stdout], [5, ""], `${command[0]}: ${stderr}`);
      assert.match(stderr, new RegExp(`\\b${daemon.pid}\\b`));
    }
  }
  assert.is((await aliases(daemon)).length, 3);
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0);
  assert.is((await apikey(["list", "--keystore", keystore])).status, 0);
});

test("a named socket at which nobody listens is 5", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("apikey.sock");
  const { status, stdout, stderr } = await apikey(["list", "--socket", socket]);
  assert.equal([status, stdout], [5, ""]);
  assert.match(stderr, socket);
});

test("after kill -9 a new daemon takes over socket, keystore and what was written", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  const socket = folder.file("apikey.sock");
  await using first = await startDaemon(keystore, socket);
  await send(socket, jsonRequest("POST", "/v1/keys", { alias: "survivor" }));
  first.signal("SIGKILL");
  await first.ended;
  assert.ok(existsSync(socket), "the dead one's socket is there");
  const { status } = await apikey(["list", "--socket", socket]);
  assert.is(status, 5);
  await using second = await startDaemon(keystore, socket);
  assert.ok((await aliases(second)).includes("survivor"));
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal}: finishes what is under way, ends with 0 within 5 s`, async () => {
    using folder = temporaryFolder();
    await using daemon = await startDaemon(folder.keystore(FIXTURE), folder.file("apikey.sock"));
    const posts = ["a", "b", "c"].map((alias) => jsonRequest("POST", "/v1/keys", { alias }));
    const begun = await Promise.all(posts.map(async (request) => {
      const text = encodeRequest(request);
      const connection = await open(daemon.socket);
      connection.socket.write(text.slice(0, -5));
      return { connection, rest: text.slice(-5) };
    }));
    await sleep(200);
    const signalledAt = performance.now();
    daemon.signal(signal);
    await sleep(200);
    for (const { connection, rest } of begun) connection.socket.write(rest);
    for (const { connection } of begun) {
      const { status, body } = parseAnswer(await connection.received);
      assert.is(status, 201, body);
    }
    assert.is(await daemon.ended, 0);
    assert.ok(performance.now() - signalledAt < 5_000);
    assert.not.ok(existsSync(daemon.socket));
    const { stdout } = await apikey(["list", "--keystore", folder.file("metricshub-keystore.p12")]);
    assert.is(stdout.split("\n").length, 3 + 3 + 1);
  });
}

test("SIGTERM: silent and stalled clients are waited for less than 5 s", async () => {
  using folder = temporaryFolder();
  await using daemon = await startDaemon(folder.keystore(FIXTURE), folder.file("apikey.sock"));
  const text = encodeRequest(jsonRequest("POST", "/v1/keys", { alias: "a" }));
  const clients = await Promise.all(["", text.slice(0, 20), text.slice(0, -5)].map(async (part) => {
    const client = await open(daemon.socket);
    client.socket.write(part);
    return client;
  }));
  await sleep(200);
  const signalledAt = performance.now();
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0);
  assert.ok(performance.now() - signalledAt < 5_000);
  for (const { received } of clients) assert.not.match(await received, /^HTTP\S+ 2/);
  assert.not.ok(existsSync(daemon.socket));
});

/** A connection, and all that it receives until the other end closes it. */
async function open(path: string): Promise<{ socket: Socket; received: Promise<string> }> {
  const socket = connect(path);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => text += chunk);
  socket.on("error", () => undefined);
  const received = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, received };
}

test("what another program writes is seen by the next request", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  const ours = ["mcp-openai", "mcp-claude", "retired"];
  assert.equal(await aliases(daemon), ours);

  // As Java does: it rewrites the file in place.
  writeFileSync(keystore, readFixture("jdk8-legacy.p12"));
  assert.equal(await aliases(daemon), ["old-agent"]);

  renameSync(copyFixture("jdk17-attributes.p12", folder.file("new")), keystore);
  assert.equal(await aliases(daemon), ["tagged"]);
  const { status } = await send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "mine" }));
  assert.is(status, 201);
  assert.equal(await aliases(daemon), ["tagged", "mine"]);

  copyFileSync(fixturePath(FIXTURE), keystore);
  const revoked = await send(daemon.socket, { method: "DELETE", path: "/v1/keys/retired" });
  assert.is(revoked.status, 204);
  assert.equal(await aliases(daemon), ["mcp-openai", "mcp-claude"]);
});

for (
  const [what, happen] of [
    [
      "damaged",
      (keystore: string) => writeFileSync(keystore, readFixture(FIXTURE).subarray(0, -1)),
    ],
    ["emptied", (keystore: string) => writeFileSync(keystore, "")],
    ["removed", (keystore: string) => rmSync(keystore)],
  ] as const
) {
  test(`a keystore ${what} meanwhile is served from its last good state, and never written`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
    happen(keystore);
    const left = existsSync(keystore) ? readFileSync(keystore) : undefined;
    assert.is((await aliases(daemon)).length, 3);
    const refused = await Promise.all([
      send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "x" })),
      send(daemon.socket, { method: "DELETE", path: "/v1/keys/retired" }),
    ]);
    for (const { status, body } of refused) {
      assert.is(status, 503);
      assert.match(JSON.parse(body).code, /^ERR_KEYSTORE_(UNREADABLE|IO)$/);
    }
    const outcome = await apikey(["create", "x", "--socket", daemon.socket]);
    assert.is(outcome.status, 6, outcome.stderr);
    const status = await apikey(["status", "--socket", daemon.socket]);
    assert.match(status.stdout, /^Warning: .*DAMAGED OR GONE/m);
    assert.equal(existsSync(keystore) ? readFileSync(keystore) : undefined, left);
    writeFileSync(keystore, readFixture(FIXTURE));
    const created = await send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "x" }));
    assert.is(created.status, 201);
    assert.is((await aliases(daemon)).length, 4);
  });
}

test("a file caught half-written is waited for", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  const bytes = readFixture(FIXTURE);
  writeFileSync(keystore, "");
  const created = send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "x" }));
  await sleep(150);
  writeFileSync(keystore, bytes.subarray(0, 1000));
  await sleep(150);
  writeFileSync(keystore, bytes);
  assert.is((await created).status, 201);
  assert.is((await aliases(daemon)).length, 4);

  const other = folder.file("other.p12");
  writeFileSync(other, bytes.subarray(0, 1000));
  const listed = apikey(["list", "--keystore", other]);
  await sleep(300);
  writeFileSync(other, bytes);
  assert.is((await listed).status, 0);
});

const rootTest = requiring(test, "linux", "root", "mount");

rootTest(
  "a command that finds no socket still respects the daemon that holds the keystore",
  async () => {
    await using host = await mountNamespace(
      "mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib",
    );
    const socket = host.outside("/run/metricshub/apikey.sock");
    await using daemon = await startDaemonWith({ args: [], socket, wrap: host.enter });
    rmSync(socket);
    for (const command of [["list"], ["create", "x"]]) {
      const { status, stdout, stderr } = await execute(host.enter([...COMMAND, ...command]));
      assert.equal([status, stdout], [5, ""], stderr);
      assert.match(stderr, new RegExp(`\\b${daemon.pid}\\b`));
    }
  },
);

test.run();
