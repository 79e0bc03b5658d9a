// Checking keys: the command, the daemon's routes, its events, metrics and health.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { openEvents } from "../support/event_stream.ts";
import { apikey, environment, execute } from "../support/execute.ts";
import { type Answer, jsonRequest, send } from "../support/http.ts";
import { createdKey, createKey, revokeKey } from "../support/keys_api.ts";
import { requiring } from "../support/requirements.ts";
import { copyFixture, type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const CLAUDE = "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3";
const RETIRED = "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11";

const rootTest = requiring(test, "linux", "root");
const terminalTest = requiring(test, "linux", "script");

function openDaemon(folder: TemporaryFolder): Promise<Daemon> {
  const keystore = folder.keystore("jdk17-metricshub.p12");
  return startDaemon(keystore, folder.file("apikey.sock"));
}

function auth(socket: string, headers: Record<string, string>): Promise<Answer> {
  return send(socket, { method: "GET", path: "/v1/auth", headers });
}

const VERIFIED: readonly (readonly [key: string, status: number, text: RegExp])[] = [
  [OPENAI, 0, /^API key 'mcp-openai' is valid\.\n$/],
  [`${CLAUDE}\n`, 0, /^API key 'mcp-claude' is valid until 2031-12-31T\d\d:\d\d:59\.000Z\.\n$/],
  [`${RETIRED}\r\n`, 3, /^API key 'retired' has expired at 2021-06-30T\d\d:00:00\.000Z\.\n$/],
  [`${OPENAI.slice(1)}\n`, 3, /^No API key like this one\.\n$/],
];

for (const way of ["in process", "through a daemon"] as const) {
  rootTest(`verify answers by its exit status, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    const socket = folder.file("apikey.sock");
    await using _daemon = way === "in process" ? undefined : await startDaemon(keystore, socket);
    const target = way === "in process" ? ["--keystore", keystore] : ["--socket", socket];
    for (const [input, status, text] of VERIFIED) {
      const plain = await apikey(["verify", ...target], { input });
      assert.equal([plain.status, plain.stderr], [status, ""], input);
      assert.match(plain.stdout, text);
      const json = await apikey(["verify", "--json", ...target], { input });
      assert.is(json.status, status);
      assert.is(JSON.parse(json.stdout).valid, status === 0);
    }
  });
}

test("verify tells a mistyped keystore from a key that is not valid", async () => {
  using folder = temporaryFolder();
  const args = ["verify", "--keystore", folder.file("typo.p12")];
  const { status, stdout, stderr } = await apikey(args, { input: OPENAI });
  assert.equal([status, stdout], [1, ""]);
  assert.match(stderr, /^apikey: there is no keystore [^\n]*typo\.p12 yet\n$/);
});

test("verify never repeats what it is given", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  for (const [args, input] of [[[OPENAI], ""], [[], `${OPENAI}\n${OPENAI}`], [[], ""]] as const) {
    const outcome = await apikey(["verify", ...args, "--keystore", keystore], { input });
    assert.equal([outcome.status, outcome.stdout], [2, ""]);
    assert.match(outcome.stderr, /^apikey: [^\n]*standard input[^\n]*\n$/);
    assert.not.match(outcome.stderr, OPENAI);
  }
  const endless = await apikey(["verify", "--keystore", keystore], { input: "x".repeat(100_000) });
  assert.is(endless.status, 2);
});

rootTest(
  "goes by what a key is good for, by the command and in forward authentication",
  async () => {
    using folder = temporaryFolder();
    await using daemon = await openDaemon(folder);
    const { socket } = daemon;
    const args = ["--scope", "mcp:*", "--cidr", "10.0.0.0/8", "--owner", "ops", "--json"];
    const created = await apikey(["create", "bound", ...args, "--socket", socket]);
    const { key } = JSON.parse(created.stdout) as { key: string };
    const rows = [
      [["--scope", "mcp:read", "--address", "10.1.2.3"], 0, /is valid\.\n$/],
      [["--address", "10.1.2.3"], 0, /is valid\.\n$/],
      [["--scope", "rest:read", "--address", "10.1.2.3"], 3, /is not good for that\.\n$/],
      [["--scope", "mcp:read", "--address", "11.1.2.3"], 3, /is not valid from there\.\n$/],
      [["--scope", "mcp:read"], 3, /is not valid from there\.\n$/],
      [["--scope", "mcp:*"], 2, /^$/],
      [["--address", "here"], 2, /^$/],
    ] as const;
    for (const [options, status, text] of rows) {
      const outcome = await apikey(["verify", ...options, "--socket", socket], { input: key });
      assert.is(outcome.status, status, options.join(" "));
      assert.match(outcome.stdout, text);
      const [scope, address] = ["--scope", "--address"].map((name) => {
        const at = (options as readonly string[]).indexOf(name);
        return at < 0
          ? []
          : [`${name === "--scope" ? name.slice(2) : "clientAddress"}=${options[at + 1]}`];
      });
      const path = `/v1/auth?${[...scope ?? [], ...address ?? []].join("&")}`;
      const answer = await send(socket, { method: "GET", path, headers: { Authorization: key } });
      // A proxy that knows no address says whatever it says.
      const expected = path.endsWith("=here") ? 401 : { 0: 204, 2: 400, 3: 401 }[status];
      assert.is(answer.status, expected, path);
    }
    assert.is((await apikey(["disable", "bound", "--socket", socket])).status, 0);
    const disabled = await apikey(["verify", "--socket", socket], { input: key });
    assert.equal([disabled.status, disabled.stdout], [3, "API key 'bound' is disabled.\n"]);
    assert.is((await auth(socket, { Authorization: key })).status, 401);
  },
);

test("verify tells what is no text from a key that is not valid", async () => {
  using folder = temporaryFolder();
  const args = ["verify", "--keystore", folder.keystore("jdk17-metricshub.p12")];
  const octal = [...Buffer.from(`\ufeff${OPENAI}`, "utf16le"), 0, 0xff].map((octet) =>
    `\\${octet.toString(8).padStart(3, "0")}`
  );
  for (const octets of [octal.slice(0, -2), [OPENAI, "\\000"], [OPENAI, "\\377"]]) {
    const pipe = 'printf "$0" | "$@"';
    const argv = ["sh", "-c", pipe, octets.join(""), ...COMMAND, ...args];
    const { status, stdout, stderr } = await execute(argv);
    assert.equal([status, stdout], [2, ""], octets.join(""));
    assert.match(stderr, /^apikey: [^\n]*no UTF-8[^\n]*\n$/);
  }
});

terminalTest("verify asks on a terminal, where the key does not show", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const words = [...COMMAND, "verify", "--keystore", keystore].map((word) => `'${word}'`);
  const args = ["--quiet", "--return", "--command", words.join(" "), "/dev/null"];
  const child = spawn("script", args, { env: environment(), stdio: "pipe" });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    // As fast as a program can: nothing is echoed from the very prompt on.
    if (shown.endsWith("API key: ")) child.stdin.write(`${OPENAI}\n`);
  });
  const [status] = await once(child, "close");
  assert.is(status, 0, shown);
  assert.match(shown, "API key 'mcp-openai' is valid.");
  assert.not.match(shown, OPENAI);
});

rootTest("forward authentication says yes with an alias, or no without a reason", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  const { socket } = daemon;
  for (
    const headers of [
      { Authorization: OPENAI },
      { Authorization: `Bearer ${OPENAI}` },
      { authorization: `bearer  ${OPENAI}` },
      { "X-API-Key": OPENAI },
      { Authorization: "Basic cm9vdDo=", "X-API-Key": OPENAI },
      // What reaches the app by way of Hono.
      { Authorization: OPENAI, "Content-Length": "2" },
    ]
  ) {
    const { status, headers: answered, body } = await auth(socket, headers);
    const about = JSON.stringify(headers);
    assert.equal([status, answered["x-apikey-alias"], body], [204, "mcp-openai", ""], about);
    assert.is(answered["cache-control"], "no-store");
  }
  const refusals: string[] = [];
  for (
    const headers of [
      {},
      { Authorization: RETIRED },
      { Authorization: `Bearer ${OPENAI}x` },
      { Authorization: `Token ${OPENAI}` },
      { "X-API-Key": "" },
      { "X-API-Key": OPENAI.toUpperCase() },
      { Authorization: "x", "Content-Length": "2" },
    ]
  ) {
    const { status, headers: { date: _date, ...answered }, body } = await auth(socket, headers);
    assert.equal([status, answered["www-authenticate"], body], [401, "Bearer", ""]);
    refusals.push(JSON.stringify(Object.entries(answered).sort()));
  }
  assert.is(new Set(refusals).size, 1, refusals.join("\n"));
});

rootTest("an alias that no header can hold is percent-encoded", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  const key = createdKey(await createKey(daemon.socket, "schlüssel 1"));
  const { headers } = await auth(daemon.socket, { Authorization: key });
  assert.is(headers["x-apikey-alias"], "schl%C3%BCssel%201");
});

rootTest("verifies one key or a thousand, in order", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  const ask = (path: string, body: unknown) => send(daemon.socket, jsonRequest("POST", path, body));
  const one = await ask("/v1/verify", { key: OPENAI });
  const verified = { valid: true, code: "VALID", alias: "mcp-openai", expiresAt: null };
  assert.equal([one.status, JSON.parse(one.body)], [200, verified]);
  const keys = Array.from({ length: 1000 }, (_, i) => [OPENAI, RETIRED, "x"][i % 3]);
  const batch = await ask("/v1/verify/batch", { keys });
  const codes = JSON.parse(batch.body).results.map(({ code }: { code: string }) => code);
  assert.equal(codes, keys.map((_, i) => ["VALID", "EXPIRED", "NOT_FOUND"][i % 3]));
  const refused = [
    [{ keys: [...keys, "x"] }, 400],
    [{ keys: [1] }, 400],
    [{ key: OPENAI }, 400],
    [{ keys: [], more: 1 }, 400],
  ] as const;
  for (const [body, status] of refused) {
    const answer = await ask("/v1/verify/batch", body);
    assert.is(answer.status, status);
    assert.not.match(answer.body, OPENAI);
  }
  const large = jsonRequest("POST", "/v1/verify/batch", {});
  const headers = { ...large.headers, "Content-Length": "1100000" };
  assert.is((await send(daemon.socket, { ...large, headers })).status, 413);
  assert.is((await ask("/v1/verify/batch", { keys: [] })).body, '{"results":[]}');
});

rootTest("tells followers what becomes of keys, and nothing secret", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  using stream = await openEvents(daemon.socket);
  assert.is(stream.status, 200);
  await stream.atLeast(1);
  const key = createdKey(await createKey(daemon.socket, "new"));
  await revokeKey(daemon.socket, "new");
  // Another program's change, and nobody but the follower to notice it.
  copyFixture("jdk8-legacy.p12", folder.file("metricshub-keystore.p12"));
  const events = await stream.atLeast(8);
  const brief = events.map(({ type, data: { alias } }) => [type, alias].filter(Boolean).join(" "));
  assert.equal(brief, [
    ...["ready", "created new", "revoked new"],
    ...["revoked mcp-openai", "revoked mcp-claude", "revoked retired"],
    ...["created old-agent", "reloaded"],
  ]);
  assert.not.match(stream.text(), key.slice(-12));
  while (stream.heartbeats() === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const [, created] = events;
  using resumed = await openEvents(daemon.socket, { "Last-Event-ID": created?.id ?? "" });
  const rest = await resumed.atLeast(7);
  assert.is(rest[0]?.data.alias, "new");
  assert.equal(rest.map(({ type }) => type).slice(-2), ["reloaded", "ready"]);
});

rootTest("does not wait for followers when it stops", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  using stream = await openEvents(daemon.socket);
  await stream.atLeast(1);
  const startedAt = performance.now();
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0);
  await stream.ended;
  // Far below the time that requests under way get.
  assert.ok(performance.now() - startedAt < 3_000);
});

rootTest("counts what it does", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  await createKey(daemon.socket, "new");
  for (const key of [OPENAI, OPENAI, RETIRED, "x"]) {
    await auth(daemon.socket, { Authorization: key });
  }
  await send(daemon.socket, jsonRequest("POST", "/v1/verify/batch", { keys: [OPENAI, "y"] }));
  await send(daemon.socket, jsonRequest("POST", "/v1/verify", {}));
  const { status, headers, body } = await send(daemon.socket, { method: "GET", path: "/metrics" });
  assert.is(status, 200);
  assert.match(headers["content-type"] ?? "", "text/plain; version=0.0.4");
  for (
    const line of [
      'apikey_verifications_total{code="VALID"} 3',
      'apikey_verifications_total{code="EXPIRED"} 1',
      'apikey_verifications_total{code="NOT_FOUND"} 2',
      "apikey_verification_duration_seconds_count 5",
      "apikey_keys 4",
      "apikey_keystore_saves_total 1",
      "apikey_keystore_reloads_total 0",
      "apikey_keystore_readable 1",
      "apikey_connections 1",
      "apikey_connections_turned_away_total 0",
      'apikey_problems_total{code="ERR_INVALID_REQUEST"} 1',
    ]
  ) assert.ok(body.split("\n").includes(line), `${line} in\n${body}`);
  assert.not.match(body, OPENAI);
});

rootTest(
  "knows how keys have been used, across restarts and without touching the keystore",
  async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    const socket = folder.file("apikey.sock");
    const usage = folder.file("metricshub-keystore.usage.json");
    const before = readFileSync(keystore);
    for (const round of [1, 2]) {
      const daemon = await startDaemon(keystore, socket);
      await using _daemon = daemon;
      for (let i = 0; i < 5; i++) await auth(socket, { Authorization: OPENAI });
      await auth(socket, { Authorization: RETIRED });
      await apikey(["verify", "--socket", socket], { input: CLAUDE });
      const { keys } = JSON.parse((await apikey(["list", "--json", "--socket", socket])).stdout);
      const uses = keys.map((key: { uses: number }) => key.uses);
      assert.equal(uses, [5 * round, round, 0]);
      daemon.signal("SIGTERM");
      assert.is(await daemon.ended, 0);
      assert.not.match(readFileSync(usage, "utf8"), OPENAI);
      assert.is(statSync(usage).mode & 0o777, 0o600);
    }
    assert.equal(readFileSync(keystore), before);
    const shown = await apikey(["show", "mcp-openai", "--keystore", keystore]);
    assert.match(shown.stdout, /^Used: +10 times, the last at 20\d\d-/m);
    // What cannot be read keeps nobody from anything.
    writeFileSync(usage, "nonsense");
    const after = await apikey(["list", "--long", "--keystore", keystore]);
    assert.equal([after.status, after.stderr, after.stdout.split("\n").length], [0, "", 5]);
  },
);

rootTest("says to anyone whether it works, and no more", async () => {
  using folder = temporaryFolder();
  await using daemon = await openDaemon(folder);
  const health = () => send(daemon.socket, { method: "GET", path: "/v1/health" });
  assert.equal([(await health()).status, (await health()).body], [200, '{"status":"ok"}']);
  writeFileSync(folder.file("metricshub-keystore.p12"), "no keystore");
  assert.equal([(await health()).status, (await health()).body], [200, '{"status":"degraded"}']);
  // Keys are good as long as the daemon remembers them.
  assert.is((await auth(daemon.socket, { Authorization: OPENAI })).status, 204);
  const { body } = await send(daemon.socket, { method: "GET", path: "/metrics" });
  assert.match(body, "apikey_keystore_readable 0");
});

test.run();
