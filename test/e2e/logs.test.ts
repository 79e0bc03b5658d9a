import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Daemon, startDaemonWith } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { rotationPath } from "../../src/protocol/keys.ts";
import { jsonRequest, type Request, send, sendRaw } from "../support/http.ts";
import { requiring } from "../support/requirements.ts";
import { sendAs } from "../support/send_as.ts";
import {
  AUDIT_LOG_NAME,
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";

type Line = Readonly<Record<string, unknown>>;

interface StartOptions {
  readonly args?: readonly string[];
  readonly wrap?: (argv: readonly string[]) => readonly string[];
}

function start(folder: TemporaryFolder, { args = [], wrap }: StartOptions = {}): Promise<Daemon> {
  const socket = folder.file("apikey.sock");
  return startDaemonWith({
    args: ["--keystore", folder.file(KEYSTORE_NAME), "--socket", socket, ...args],
    socket,
    ...(wrap === undefined ? {} : { wrap }),
  });
}

function linesOf(text: string): Line[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line);
}

/** What is said until `isThere` is, or soon. */
async function said(read: () => string, isThere: RegExp): Promise<string> {
  const until = performance.now() + 10_000;
  while (!isThere.test(read()) && performance.now() < until) await sleep(20);
  assert.match(read(), isThere);
  return read();
}

async function stop(daemon: Daemon): Promise<void> {
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0, daemon.output());
}

const linuxTest = requiring(test, "linux");
const rootTest = requiring(test, "linux", "root", "setpriv");

rootTest("answers, audit log and log name a request by the same id", async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await start(folder, { args: ["--socket-mode", "666"] });
  const post = () => send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "a" }));
  assert.is((await post()).status, 201);
  const again = JSON.parse((await post()).body);
  const list = { method: "GET", path: "/v1/keys" };
  const [refused] = await sendAs({ uid: 1000 }, daemon.socket, [list]);
  const forbidden = JSON.parse(refused?.body ?? "");
  writeFileSync(folder.file(KEYSTORE_NAME), "damaged");
  const failed = await apikey(["create", "b", "--json", "--socket", daemon.socket]);
  const failure = JSON.parse(failed.stderr);
  assert.is(failed.status, 6);
  await stop(daemon);
  const lines = linesOf(daemon.output());
  const lineOf = ({ requestId }: Line, message: RegExp) => {
    const line = lines.find((one) =>
      one["requestId"] === requestId && message.test(`${one["message"]}`)
    );
    return line && [line["level"], line["act"], line["uid"], line["reason"]];
  };
  assert.equal(lineOf(again, /^act/), ["info", "create", 0, "ERR_ALIAS_EXISTS"]);
  assert.equal(lineOf(forbidden, /refused$/), ["warn", "list", 1000, "ERR_FORBIDDEN"]);
  assert.equal(lineOf(failure, /^act/), ["info", "create", 0, "ERR_KEYSTORE_UNREADABLE"]);
  assert.equal(lineOf(failure, /failed$/)?.[3], "ERR_KEYSTORE_UNREADABLE");
  const records = linesOf(readFileSync(folder.file(AUDIT_LOG_NAME), "utf8"));
  for (const { requestId } of [again, forbidden, failure]) {
    assert.ok(records.some(({ request }) => request === requestId), requestId);
  }
  const ids = records.map(({ request }) => request).filter((request) => request !== undefined);
  assert.is(new Set(ids).size, 4);
});

linuxTest("each line is JSON where nobody looks, from listening to stopped", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder);
  await send(daemon.socket, { method: "GET", path: "/v1/keys" });
  await stop(daemon);
  const lines = linesOf(daemon.output());
  assert.equal(lines.map(({ level, message }) => [level, message]), [
    ["info", "listening"],
    ["info", "stopping"],
    ["info", "stopped"],
  ]);
  const { pid, socket } = lines[0] ?? {};
  assert.equal([pid, socket], [daemon.pid, daemon.socket]);
  for (const { time } of lines) assert.ok(Math.abs(Date.parse(`${time}`) - Date.now()) < 60_000);
});

linuxTest("a fault of the keystore and its end are told once each, whoever asks", async () => {
  using folder = temporaryFolder();
  const path = folder.file(KEYSTORE_NAME);
  await apikey(["create", "a", "--keystore", path]);
  const good = readFileSync(path);
  await using daemon = await start(folder);
  const damaged = /"level":"warn","message":"cannot open keystore/;
  const healed = /"level":"info","message":"the keystore can be opened again"/;
  writeFileSync(path, "damaged");
  await said(daemon.output, damaged);
  for (let count = 0; count < 5; count++) {
    await send(daemon.socket, { method: "GET", path: "/v1/keys" });
  }
  await sleep(1_500);
  writeFileSync(path, good);
  const text = await said(daemon.output, healed);
  const times = (line: RegExp) => text.split("\n").filter((one) => line.test(one)).length;
  assert.equal([times(damaged), times(healed)], [1, 1]);
  await said(daemon.output, /"message":"another program has changed the keystore"/);
});

linuxTest("no key gets into the log, wherever a request has it", async () => {
  using folder = temporaryFolder();
  await using daemon = await start(folder, { args: ["--log-level", "debug"] });
  const created = await send(daemon.socket, jsonRequest("POST", "/v1/keys", { alias: "a" }));
  const { key } = JSON.parse(created.body) as { key: string };
  const requests = requestsWith(key);
  for (const request of requests) await send(daemon.socket, request);
  await sendRaw(daemon.socket, `${key}\r\n\r\n`);
  await stop(daemon);
  const output = daemon.output().toLowerCase();
  for (const part of [key.slice(0, 13), key.slice(9, 23), key.slice(14, 28)]) {
    assert.not(output.includes(part), `${part} of ${key} in ${output}`);
  }
  const told = linesOf(daemon.output()).filter(({ message }) => message === "request");
  assert.ok(told.length >= requests.length, `${told.length} of ${requests.length}`);
  const paths = new Set(told.map(({ path }) => path));
  for (const path of ["/v1/keys/:alias", "/v1/auth", "/v1/verify", undefined]) {
    assert.ok(paths.has(path), path);
  }
  for (const { method, status, ms, uid, pid, requestId } of told) {
    assert.ok(method && status && Number(ms) >= 0 && pid && requestId, JSON.stringify(told));
    assert.is(uid, created && told[0]?.["uid"]);
  }
});

/** A key in each place of a request, also where none belongs. */
function requestsWith(key: string): Request[] {
  const get = (path: string, headers = {}) => ({ method: "GET", path, headers });
  return [
    get("/v1/auth", { Authorization: `Bearer ${key}` }),
    get(`/v1/auth?key=${key}`, { "X-API-Key": key }),
    get(`/v1/auth/${key}`),
    get(`/v1/keys/${key}`),
    get(`/v1/keys/${key.toUpperCase()}`),
    get(`/v1/keys/a?${key}`, { Cookie: key, Origin: key, Host: key }),
    get(`/${key}`, { Host: `a b${key}` }),
    get(`/${key}`),
    get(`/%2f${key}`),
    get("/v1/keys", { [key]: key }),
    { method: "DELETE", path: `/v1/keys/${key}` },
    { method: "PUT", path: `/v1/keys/${key}` },
    { method: "POST", path: rotationPath(key) },
    jsonRequest("POST", rotationPath(key), { [key]: key }),
    jsonRequest("PATCH", `/v1/keys/${key}`, { alias: key, description: key }),
    jsonRequest("POST", "/v1/keys", { alias: key }),
    jsonRequest("POST", "/v1/keys", { alias: { key } }),
    jsonRequest("POST", "/v1/verify", { key }),
    jsonRequest("POST", "/v1/verify", key),
    jsonRequest("POST", `/v1/verify?${key}`, { key: { key } }),
    jsonRequest("POST", "/v1/scan", { candidates: [key] }),
    { ...jsonRequest("POST", "/v1/keys", {}), body: `{${key}` },
  ];
}

/** Standard error of the program, led to a file that the journal could be. */
function toJournal(path: string) {
  const script =
    `exec 2>"$0"; export JOURNAL_STREAM="$(stat -L -c %d:%i "/proc/$$/fd/2")"; exec "$@"`;
  return (argv: readonly string[]) => ["sh", "-c", script, path, ...argv];
}

linuxTest("the journal gets priorities, and SIGHUP another level", async () => {
  using folder = temporaryFolder();
  const [log, config] = [folder.file("log"), folder.file("apikey.yaml")];
  writeFileSync(config, "logLevel: warn\n", { mode: 0o600 });
  const wrap = toJournal(log);
  const read = () => readFileSync(log, "utf8");
  {
    await using daemon = await start(folder, { args: ["--config", config], wrap });
    const list = () => send(daemon.socket, { method: "GET", path: "/v1/keys" });
    await list();
    assert.is(read(), "");
    writeFileSync(config, "logLevel: debug\n");
    daemon.signal("SIGHUP");
    await said(read, /^<6>settings read anew logLevel=debug$/m);
    await list();
    await said(
      read,
      /^<7>request method=GET path=\/v1\/keys status=200 ms=[\d.]+ uid=\d+ pid=\d+ /m,
    );
    await stop(daemon);
    assert.match(read(), /^(<[67]>[^\n]+\n)+$/);
  }
  writeFileSync(config, "logLevel: loud\n");
  const failed = await start(folder, { args: ["--config", config], wrap }).catch(() => undefined);
  assert.is(failed, undefined);
  assert.match(read(), /^<3>apikey: [^\n]+\n$/);
});

const scriptTest = requiring(test, "linux", "script");

scriptTest("a terminal gets local time and colour, unless NO_COLOR says otherwise", async () => {
  const level = { "": "\\x1b\\[32mINFO \\x1b\\[0m", "1": "INFO " };
  for (const [noColour, shown] of Object.entries(level)) {
    using folder = temporaryFolder();
    const wrap = (argv: readonly string[]) => {
      const words = ["exec", ...argv].map((word) => `'${word}'`).join(" ");
      const inUtc = ["env", `NO_COLOR=${noColour}`, "TZ=Etc/GMT-14"];
      return [...inUtc, "script", "--quiet", "--return", "--command", words, "/dev/null"];
    };
    await using daemon = await start(folder, { wrap });
    const text = await said(daemon.output, /listening/);
    const [, date, rest] = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ([^\r]*)/.exec(text) ?? [];
    assert.match(rest ?? "", new RegExp(`^${shown} listening version=`), text);
    const there = Date.parse(`${date?.replace(" ", "T")}+14:00`);
    assert.ok(Math.abs(there - Date.now()) < 60_000, text);
    await stop(daemon);
  }
});

linuxTest("a log that nobody reads, or nobody can, keeps nobody waiting", async () => {
  const scripts = {
    "nobody reads": 'exec "$@" 2<>"$0"',
    "the reader is gone": 'true <"$0" & exec "$@" 2>"$0"',
  };
  for (const [about, open] of Object.entries(scripts)) {
    using folder = temporaryFolder();
    const script = `mkfifo "$0"; ${open}`;
    const wrap = (argv: readonly string[]) => ["sh", "-c", script, folder.file("pipe"), ...argv];
    await using daemon = await start(folder, { args: ["--log-level", "debug"], wrap });
    const startedAt = performance.now();
    const flood = Array.from({ length: 20 }, async () => {
      for (let count = 0; count < 50; count++) {
        const { status } = await send(daemon.socket, { method: "GET", path: "/v1/keys" });
        assert.is(status, 200, about);
      }
    });
    await Promise.all(flood);
    assert.ok(performance.now() - startedAt < 20_000, about);
    const stoppedAt = performance.now();
    await stop(daemon);
    assert.ok(performance.now() - stoppedAt < 4_000, about);
  }
});

test.run();
