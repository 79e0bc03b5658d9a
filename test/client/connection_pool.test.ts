import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ConnectionPool } from "../../src/client/connection_pool.ts";
import { AppError } from "../../src/errors.ts";
import { failure } from "../support/open_keystore.ts";
import { startStandIn } from "../support/stand_in_daemon.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const NOTHING = () => undefined;

function poolAt(path: string, timeoutMs = 2_000, assertTrusted: () => void = NOTHING) {
  return new ConnectionPool({ path, assertTrusted, timeoutMs, maxConnections: 3 });
}

const request = (key: string) => ({ method: "POST", path: "/v1/verify", body: { key } }) as const;

test("many calls go over a few connections, each with its own answer", async () => {
  using folder = temporaryFolder();
  await using daemon = await startStandIn(folder.file("s"));
  daemon.verify = (alias) => ({ valid: true, code: "VALID", alias, expiresAt: null });
  let checked = 0;
  const pool = poolAt(daemon.socket, 5_000, () => checked++);
  for (let round = 0; round < 3; round++) {
    const keys = Array.from({ length: 50 }, (_, i) => `key ${i}`);
    const answers = await Promise.all(keys.map((key) => pool.send(request(key))));
    assert.equal(answers.map(({ body }) => (body as { alias: string }).alias), keys);
  }
  assert.ok(daemon.connections() <= 3, String(daemon.connections()));
  assert.is(checked, daemon.connections());
  pool.close();
});

test("sends nothing to a server that is not trusted", async () => {
  using folder = temporaryFolder();
  await using daemon = await startStandIn(folder.file("s"));
  const pool = poolAt(daemon.socket, 2_000, () => {
    throw new AppError("ERR_DAEMON_UNTRUSTED", "no");
  });
  for (let i = 0; i < 5; i++) {
    await failure("ERR_DAEMON_UNTRUSTED", () => pool.send(request("a")));
  }
  assert.is(daemon.asked.length, 0);
});

test("a call fails in time, waiting or under way, and leaves room for others", async () => {
  using folder = temporaryFolder();
  await using daemon = await startStandIn(folder.file("s"));
  const answer = daemon.verify;
  daemon.verify = () => new Promise(() => undefined);
  const pool = poolAt(daemon.socket, 300);
  const calls = Array.from(
    { length: 8 },
    () => failure("ERR_SOCKET", () => pool.send(request("a"))),
  );
  await Promise.all(calls);
  daemon.verify = answer;
  assert.is((await pool.send(request("b"))).status, 200);
  pool.close();
});

test("a call that meets the end of an idle connection is repeated", async () => {
  using folder = temporaryFolder();
  let answered = 0;
  // Closes without a word after each answer, as a daemon does whose patience ends.
  const server = createHttpServer((request, response) => {
    if (request.socket.bytesWritten > 0) return void request.socket.destroy();
    answered++;
    response.setHeader("Content-Type", "application/json");
    response.end("{}");
  });
  server.listen(folder.file("s"));
  await once(server, "listening");
  const pool = poolAt(folder.file("s"));
  for (let i = 0; i < 5; i++) assert.is((await pool.send(request("a"))).status, 200);
  assert.is(answered, 5);
  pool.close();
  server.close();
  server.closeAllConnections();
});

test("a call whose first connection breaks off fails at once", async () => {
  using folder = temporaryFolder();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on("error", NOTHING);
    socket.once("data", () => socket.destroy());
  });
  server.listen(folder.file("s"));
  await once(server, "listening");
  const pool = poolAt(folder.file("s"));
  for (let i = 0; i < 5; i++) await failure("ERR_SOCKET", () => pool.send(request("a")));
  assert.is(connections, 5);
  server.close();
  await sleep(10);
  await failure("ERR_DAEMON_UNREACHABLE", () => pool.send(request("a")));
});

test("closing ends what is under way, and what waits", async () => {
  using folder = temporaryFolder();
  await using daemon = await startStandIn(folder.file("s"));
  daemon.verify = () => new Promise(() => undefined);
  const pool = poolAt(daemon.socket, 60_000);
  const calls = Array.from(
    { length: 8 },
    () => failure("ERR_SOCKET", () => pool.send(request("a"))),
  );
  while (daemon.asked.length < 3) await sleep(5);
  pool.close();
  await Promise.all(calls);
  await failure("ERR_SOCKET", () => pool.send(request("a")));
});

test.run();
