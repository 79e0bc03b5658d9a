// What a client can do to a daemon: no more than get a problem document, and no other client harm.
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { allowancesByAccess } from "../../src/daemon/allowances.ts";
import { DEFAULT_ALLOWANCES } from "../../src/model/allowance.ts";
import { opened } from "../load/connection.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import {
  type Answer,
  encodeRequest,
  jsonRequest,
  type Request,
  send,
  sendRaw,
} from "../support/http.ts";
import { requiring } from "../support/requirements.ts";
import { sendAs } from "../support/send_as.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

const MAX_BODY_BYTES = 65_536;
const JSON_TYPE = { "Content-Type": "application/json" };

function open(folder: TemporaryFolder, ...args: readonly string[]): Promise<Daemon> {
  const keystore = folder.keystore("jdk17-metricshub.p12");
  return startDaemon(keystore, folder.file("apikey.sock"), args);
}

/** One problem document, whose status is that of the answer. */
function assertProblem(answer: Answer, status: number, code: string, about: string): void {
  assert.is(answer.status, status, `${about}: ${answer.status} ${answer.body}`);
  assert.is(answer.headers["content-type"], "application/problem+json", about);
  const problem = JSON.parse(answer.body);
  assert.equal([problem.status, problem.code], [status, code], about);
  assert.type(problem.title, "string");
  assert.match(problem.requestId, /^[0-9a-z]{8}-\d+$/, about);
}

async function assertServes({ socket }: Daemon): Promise<void> {
  const { status, body } = await send(socket, { method: "GET", path: "/v1/keys" });
  assert.is(status, 200, body);
  assert.is(JSON.parse(body).keys.length, 3);
}

interface Row {
  readonly about: string;
  readonly request: Request;
  readonly status: number;
  readonly code: string;
}

function post(about: string, body: string, status = 400, code = "ERR_INVALID_REQUEST"): Row {
  const request = { method: "POST", path: "/v1/keys", headers: JSON_TYPE, body };
  return { about, request, status, code };
}

function typed(type: string | undefined): Row {
  const headers = type === undefined ? {} : { "Content-Type": type };
  const request = { method: "POST", path: "/v1/keys", headers, body: '{"alias":"x"}' };
  return { about: `content type ${type}`, request, status: 415, code: "ERR_MEDIA_TYPE" };
}

function call(method: string, path: string, status: number, code: string): Row {
  return { about: `${method} ${path}`, request: { method, path }, status, code };
}

const ROWS: readonly Row[] = [
  post("broken JSON", '{"alias":"x"'),
  post("no JSON", "alias=x"),
  post("empty body", ""),
  post("array", '["x"]'),
  post("null", "null"),
  post("no alias", "{}"),
  post("alias of another type", '{"alias":7}'),
  post("alias of another type", '{"alias":["x"]}'),
  post("unknown field", '{"alias":"x","admin":true}'),
  post("misspelt field", '{"Alias":"x"}'),
  post("prototype", '{"alias":"x","__proto__":{"admin":true}}'),
  post("deep nesting", "[".repeat(30_000)),
  typed(undefined),
  typed("text/plain"),
  typed("application/x-www-form-urlencoded"),
  typed("multipart/form-data; boundary=x"),
  typed("text/plain; application/json"),
  call("PUT", "/v1/keys", 405, "ERR_METHOD_NOT_ALLOWED"),
  call("DELETE", "/v1/keys", 405, "ERR_METHOD_NOT_ALLOWED"),
  call("POST", "/v1/keys/mcp-openai", 405, "ERR_METHOD_NOT_ALLOWED"),
  call("GET", "/", 404, "ERR_ROUTE_UNKNOWN"),
  call("GET", "/v2/keys", 404, "ERR_ROUTE_UNKNOWN"),
  call("GET", "/v1/keys/", 404, "ERR_ROUTE_UNKNOWN"),
  call("GET", "/V1/KEYS", 404, "ERR_ROUTE_UNKNOWN"),
  call("GET", "/v1/keys/nobody", 404, "ERR_ALIAS_UNKNOWN"),
  call("DELETE", "/v1/keys/nobody", 404, "ERR_ALIAS_UNKNOWN"),
];

test("requests that mean nothing are answered with the fitting problem", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  for (const { about, request, status, code } of ROWS) {
    assertProblem(await send(daemon.socket, request), status, code, about);
  }
  await assertServes(daemon);
  assert.not.match(daemon.output(), "Error");
});

test("a problem does not repeat what was sent in the wrong place", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  const secret = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
  const values = [{ alias: 7, key: secret }, { alias: { secret } }, secret, [secret]];
  for (const body of [...values.map((value) => JSON.stringify(value)), secret, `{${secret}`]) {
    const request = { method: "POST", path: "/v1/keys", headers: JSON_TYPE, body };
    assert.not.match((await send(daemon.socket, request)).body, secret.slice(0, 8));
  }
  assert.not.match(daemon.output(), secret);
});

const GET = "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n";

/** Not HTTP, or not quite: answered with one of the statuses, or not at all. */
const GARBAGE: readonly { readonly about: string; readonly octets: string | Uint8Array }[] = [
  { about: "text", octets: "hello\r\n\r\n" },
  { about: "blank lines and text", octets: "\r\n\r\n\0\0\0\0\r\n" },
  { about: "TLS", octets: Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0, 0, 0) },
  { about: "octets of every kind", octets: Uint8Array.from({ length: 4096 }, (_, i) => i * 7) },
  { about: "HTTP/2", octets: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
  { about: "HTTP/9.9", octets: "GET /v1/keys HTTP/9.9\r\nHost: localhost\r\n\r\n" },
  { about: "no host", octets: "GET /v1/keys HTTP/1.1\r\nConnection: close\r\n\r\n" },
  {
    about: "garbled host",
    octets: "GET /v1/keys HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n",
  },
  { about: "a method of its own", octets: "STEAL /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n" },
  { about: "header without colon", octets: `${GET}nonsense\r\n\r\n` },
  { about: "NUL in a header", octets: `${GET}X: a\0b\r\n\r\n` },
  { about: "folded header", octets: `${GET} X: y\r\n\r\n` },
  { about: "two lengths", octets: `${GET}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx` },
  { about: "negative length", octets: `${GET}Content-Length: -1\r\n\r\n` },
  {
    about: "length and chunks",
    octets: `${GET}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    about: "broken chunk",
    octets: "POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
      "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
  },
  { about: "huge header", octets: `${GET}X: ${"x".repeat(100_000)}\r\n\r\n` },
  { about: "many headers", octets: `${GET}${"X: y\r\n".repeat(20_000)}\r\n` },
  { about: "huge path", octets: `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n` },
];

test("what is not HTTP gets a problem of the client's, and nothing else happens", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  for (const { about, octets } of GARBAGE) {
    const answer = await sendRaw(daemon.socket, octets);
    const status = /huge|many/.test(about) ? 431 : 400;
    assertProblem(answer, status, "ERR_INVALID_REQUEST", about);
  }
  await assertServes(daemon);
  assert.not.match(daemon.output(), "Error");
});

test("a client that goes away is no defect to report", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  const request = jsonRequest("POST", "/v1/keys", { alias: "x" });
  const texts = [encodeRequest(request).slice(0, -3), inChunks(request).slice(0, -9)];
  for (const text of ["", GET, ...texts, encodeRequest({ method: "GET", path: "/v1/keys" })]) {
    const socket = await opened(daemon.socket);
    await new Promise((resolve) => socket.write(text, resolve));
    await sleep(50);
    socket.destroy();
  }
  await assertServes(daemon);
  assert.not.match(daemon.output(), "Error");
});

test("requests on one connection that nobody waits for are cut off", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  const request = "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n";
  // The connection may be reset before any answer has left.
  const answer = await sendRaw(daemon.socket, request.repeat(1_000)).catch(() => undefined);
  const answers = answer === undefined ? 0 : answer.body.split("HTTP/1.1 200").length;
  assert.ok(answers <= 16, `${answers} answers`);
  await assertServes(daemon);
});

test("a body that nobody wants is not read to its end", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  for (const start of ["GET /v1/auth", "POST /v1/keys", "POST /v1/nothing"]) {
    const sender = connect(daemon.socket);
    let answer = "";
    sender.setEncoding("utf8").on("data", (text: string) => answer += text);
    // Whoever still sends is told so in its own way.
    sender.on("error", () => undefined);
    const closed = new Promise((resolve) => sender.once("close", resolve));
    const startedAt = performance.now();
    sender.write(`${start} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n`);
    const timer = setInterval(() => sender.write("x".repeat(1_000)), 20);
    await closed;
    clearInterval(timer);
    assert.match(answer, /^HTTP\/1\.1 (413|404) /, start);
    // A request may take 30 s.
    assert.ok(performance.now() - startedAt < 10_000, start);
  }
  await assertServes(daemon);
});

test("a switch of protocols does not happen", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  const upgrade = "Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n";
  const { status } = await sendRaw(daemon.socket, `GET /v1/keys HTTP/1.1\r\nHost: x\r\n${upgrade}`);
  assert.is.not(status, 101);
  const answer = await sendRaw(daemon.socket, "CONNECT localhost:22 HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.ok(answer.status === 0 || answer.status >= 400, String(answer.status));
  await assertServes(daemon);
});

for (const method of ["GET", "POST", "DELETE"]) {
  const path = method === "DELETE" ? "/v1/keys/nobody" : "/v1/keys";
  const tooLarge = `{"alias":"x"}`.padEnd(MAX_BODY_BYTES + 1);

  test(`${method}: a body over 64 KiB is refused, however it is framed`, async () => {
    using folder = temporaryFolder();
    await using daemon = await open(folder);
    const request = { method, path, headers: JSON_TYPE, body: tooLarge };
    const code = "ERR_BODY_TOO_LARGE";
    assertProblem(await send(daemon.socket, request), 413, code, "Content-Length");
    assertProblem(await sendRaw(daemon.socket, inChunks(request)), 413, code, "chunked");
    await assertServes(daemon);
  });
}

test("a body of exactly 64 KiB is read", async () => {
  using folder = temporaryFolder();
  await using daemon = await open(folder);
  const bodies = ["a", "b"].map((alias) => JSON.stringify({ alias }).padEnd(MAX_BODY_BYTES));
  const [a, b] = bodies.map((body) => ({
    method: "POST",
    path: "/v1/keys",
    headers: JSON_TYPE,
    body,
  }));
  assert.is(a && (await send(daemon.socket, a)).status, 201);
  assert.is(b && (await sendRaw(daemon.socket, inChunks(b))).status, 201);
});

function inChunks({ body = "", ...request }: Request): string {
  const headers = { ...request.headers, "Transfer-Encoding": "chunked" };
  const pieces = body.match(/[^]{1,16000}/g) ?? [];
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return `${encodeRequest({ ...request, headers })}${chunks.join("")}0\r\n\r\n`;
}

const rootTest = requiring(test, "linux", "root", "setpriv");

rootTest("one user's many connections keep nobody else out", async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await open(folder, "--socket-mode", "666");
  const held: Socket[] = [];
  // The connection that has just found the daemon ready may not have been forgotten yet.
  await sleep(100);
  for (let count = 0; count < allowancesByAccess(DEFAULT_ALLOWANCES).admin.connections; count++) {
    held.push(await opened(daemon.socket));
  }
  const list = { method: "GET", path: "/v1/keys" };
  const tooMany = await send(daemon.socket, list);
  assertProblem(tooMany, 429, "ERR_TOO_MANY_CONNECTIONS", "one too many");
  const told = daemon.output().split("\n").find((line) => line.includes("too many connections"));
  const { level, uid, requestId } = JSON.parse(told ?? "{}");
  assert.equal([level, uid, requestId], ["warn", 0, JSON.parse(tooMany.body).requestId]);
  const [answer] = await sendAs({ uid: 1000 }, daemon.socket, [list]);
  assert.is(answer?.status, 403, "served, if not let in");
  for (const socket of held) socket.destroy();
  await sleep(100);
  await assertServes(daemon);
});

test.run();
