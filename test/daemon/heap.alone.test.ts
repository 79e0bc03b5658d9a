// What of the keys is in the daemon's memory once it is at rest: digests, and no key.
// A heap snapshot has every text that can still be reached, its first 1,024 characters; it has no
// contents of buffers, and nothing that is garbage. Only node makes one, so this starts the source.
import { createReadStream, globSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nodePath } from "../../scripts/runtimes.ts";
import { type Daemon, startDaemonWith } from "../support/daemon.ts";
import { encodeRequest, jsonRequest, send } from "../support/http.ts";
import { createdKey, createKey } from "../support/keys_api.ts";
import { requiring } from "../support/requirements.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
/** Of the keystore: see test/fixtures/README.md. */
const STORED = [
  "eb47c2be-927f-495f-aa97-0ba0f60b8986",
  "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3",
  "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11",
];
const UNKNOWN = "7c0e6c0a-30b9-4f5e-8a54-2f4e0f7a9d31";
/** What a search must find, as the daemon has to remember it. */
const MARKED_ALIAS = "marked-5d1e2f60-alias";
const MARKED_ARGUMENT = "marked-8a7b6c5d.sock";

function startObserved(folder: TemporaryFolder): Promise<Daemon> {
  const socket = folder.file(MARKED_ARGUMENT);
  const observed = [nodePath(), "--heapsnapshot-signal=SIGUSR2", `--diagnostic-dir=${folder.path}`];
  return startDaemonWith({
    args: ["--keystore", folder.keystore("jdk17-metricshub.p12"), "--socket", socket],
    socket,
    wrap: (argv) => [
      ...observed,
      "--disable-warning=ExperimentalWarning",
      MAIN,
      ...argv.slice(argv.indexOf("daemon")),
    ],
  });
}

/** Presents keys in every way there is, each on a connection that is closed afterwards. */
async function presentAll(socket: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    for (const headers of headersWith(key)) {
      await send(socket, { method: "GET", path: "/v1/auth", headers });
    }
    await send(socket, jsonRequest("POST", "/v1/verify", { key }));
    // In the wrong places, too.
    await send(socket, { method: "GET", path: `/v1/auth?key=${key}` });
    await send(socket, jsonRequest("POST", "/v1/verify", { key, keys }));
    await send(socket, { method: "POST", path: "/v1/verify", body: key });
  }
  await send(socket, jsonRequest("POST", "/v1/verify/batch", { keys }));
}

function headersWith(key: string): Readonly<Record<string, string>>[] {
  return [
    { Authorization: `Bearer ${key}` },
    { Authorization: key },
    { Authorization: `Basic ${key}` },
    { "X-API-Key": key },
  ];
}

/** Checks keys on connections that stay open. */
async function presentOnOpenConnections(socket: string, keys: readonly string[]) {
  const requests = keys.flatMap((key) => [
    encodeRequest({
      method: "GET",
      path: "/v1/auth",
      headers: { Connection: "keep-alive", Authorization: `Bearer ${key}` },
    }),
    encodeRequest({
      ...jsonRequest("POST", "/v1/verify", { key }),
      headers: { Connection: "keep-alive", "Content-Type": "application/json" },
    }),
  ]);
  return await Promise.all(requests.map(async (request) => {
    const connection = connect(socket);
    const answered = new Promise((resolve) => connection.once("data", resolve));
    connection.write(request);
    await answered;
    return connection;
  }));
}

/** @returns the path of a snapshot of everything that can be reached */
async function takeSnapshot(daemon: Daemon, folder: TemporaryFolder): Promise<string> {
  const before = new Set(globSync(join(folder.path, "*.heapsnapshot")));
  daemon.signal("SIGUSR2");
  for (;;) {
    await sleep(50);
    const path = globSync(join(folder.path, "*.heapsnapshot")).find((found) => !before.has(found));
    if (path === undefined) continue;
    // It is written while the daemon does nothing else, so an answer means that it is complete.
    await send(daemon.socket, { method: "GET", path: "/v1/status" });
    if (statSync(path).size > 0) return path;
  }
}

/** Which of these texts are in a file. */
async function findTexts(path: string, texts: readonly string[]): Promise<string[]> {
  const longest = Math.max(...texts.map(({ length }) => length));
  const found = new Set<string>();
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "latin1" })) {
    const text = rest + chunk;
    for (const wanted of texts) if (text.includes(wanted)) found.add(wanted);
    rest = text.slice(-longest);
  }
  return [...found];
}

const linuxTest = requiring(test, "linux");

linuxTest("a daemon at rest holds no key", async () => {
  using folder = temporaryFolder();
  await using daemon = await startObserved(folder);
  const created: string[] = [];
  for (const alias of ["one", "two", MARKED_ALIAS]) {
    created.push(createdKey(await createKey(daemon.socket, alias)));
  }
  const keys = [...STORED, ...created, UNKNOWN];
  await presentAll(daemon.socket, keys);
  await send(daemon.socket, { method: "GET", path: "/v1/keys" });
  await sleep(500);
  const atRest = await takeSnapshot(daemon, folder);
  const controls = [MARKED_ALIAS, MARKED_ARGUMENT];
  assert.equal((await findTexts(atRest, controls)).toSorted(), controls.toSorted());
  assert.equal(await findTexts(atRest, keys), []);
});

linuxTest("nor does one with idle connections on which keys were presented", async () => {
  using folder = temporaryFolder();
  await using daemon = await startObserved(folder);
  const connections = await presentOnOpenConnections(daemon.socket, STORED);
  const path = await takeSnapshot(daemon, folder);
  const isOpen = connections.every((connection) => !connection.destroyed);
  for (const connection of connections) connection.destroy();
  assert.ok(isOpen, "closed by the daemon");
  assert.equal(await findTexts(path, STORED), []);
});

test.run();
