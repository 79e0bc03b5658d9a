// Keys that expire: what operators ask for, what is stored, and when Java and we refuse the key.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startDaemon } from "../support/daemon.ts";
import { apikey, type Outcome } from "../support/execute.ts";
import { IS_SOURCE, sampled } from "../support/extent.ts";
import { send } from "../support/http.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import type { Way } from "../support/ways.ts";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";

const javaTest = requiring(test, "javac");
const daemonTest = requiring(test, "env");
const javaDaemonTest = requiring(test, "env", "javac");

/** Nobody's zone here: a command under it must not decide when a daemon's key expires. */
const ELSEWHERE = "Asia/Tokyo";

const WAYS = [
  { way: "in process", open: inProcess, run: javaTest },
  { way: "through a daemon", open: throughDaemon, run: javaDaemonTest },
] as const;

interface Row {
  readonly asked: string;
  readonly expiresOn: string;
  /** The last instant at which the key is honoured, in the year 2050. */
  readonly expiresAt: string;
  readonly isEarlier?: true;
}

const UTC: readonly Row[] = [
  { asked: "2050-07-01T12:00:00", expiresOn: "07-01T12:00:00", expiresAt: "07-01T12:00:00" },
  { asked: "2050-07-01 12:00", expiresOn: "07-01T12:00:00", expiresAt: "07-01T12:00:00" },
  { asked: "2050-07-01T12:00:00.999Z", expiresOn: "07-01T12:00:00", expiresAt: "07-01T12:00:00" },
  { asked: "2050-07-01T12:00+05:30", expiresOn: "07-01T06:30:00", expiresAt: "07-01T06:30:00" },
];

const KOLKATA: readonly Row[] = [
  { asked: "2050-07-01T12:00:00", expiresOn: "07-01T12:00:00", expiresAt: "07-01T06:30:00" },
  { asked: "2050-07-01T12:00:00Z", expiresOn: "07-01T17:30:00", expiresAt: "07-01T12:00:00" },
  { asked: "2050-11-06T05:30:00Z", expiresOn: "11-06T11:00:00", expiresAt: "11-06T05:30:00" },
];

// Its clock is put on at 2050-03-13T07:00Z and back at 2050-11-06T06:00Z.
const NEW_YORK: readonly Row[] = [
  { asked: "2050-07-01T12:00:00", expiresOn: "07-01T12:00:00", expiresAt: "07-01T16:00:00" },
  { asked: "2050-01-01T17:00:00Z", expiresOn: "01-01T12:00:00", expiresAt: "01-01T17:00:00" },
  { asked: "2050-07-01T21:30+05:30", expiresOn: "07-01T12:00:00", expiresAt: "07-01T16:00:00" },
  { asked: "2050-03-13T02:30", expiresOn: "03-13T02:30:00", expiresAt: "03-13T07:00:00" },
  { asked: "2050-03-13T06:59:59Z", expiresOn: "03-13T01:59:59", expiresAt: "03-13T06:59:59" },
  { asked: "2050-03-13T07:00:00Z", expiresOn: "03-13T03:00:00", expiresAt: "03-13T07:00:00" },
  { asked: "2050-11-06T01:30", expiresOn: "11-06T01:30:00", expiresAt: "11-06T06:30:00" },
  { asked: "2050-11-06T01:30-05:00", expiresOn: "11-06T01:30:00", expiresAt: "11-06T06:30:00" },
  {
    asked: "2050-11-06T01:30-04:00",
    expiresOn: "11-06T00:59:59",
    expiresAt: "11-06T04:59:59",
    isEarlier: true,
  },
];

const ZONES = [["UTC", UTC], ["Asia/Kolkata", KOLKATA], ["America/New_York", NEW_YORK]] as const;

/** Of Java, with one key in it that does not expire. */
const FIXTURE = "jdk17-attributes.p12";

for (const [zone, all] of ZONES) {
  const rows: readonly Row[] = sampled<Row>(all, 4);
  for (const { way, open, run } of IS_SOURCE ? WAYS.slice(1) : WAYS) {
    run(`stores what Java reads as the same time in ${zone}, ${way}`, async () => {
      using folder = temporaryFolder();
      const keystore = folder.keystore(FIXTURE);
      await using opened = await open(keystore, zone);
      const secrets: string[] = [];
      for (const [index, row] of rows.entries()) {
        secrets.push(await create(opened, `key-${index}`, row));
      }
      await assertListed(opened, rows);
      await using java = await javaIn(zone);
      for (const [index, { expiresOn }] of rows.entries()) {
        assert.equal(await java.scan(keystore, secrets[index] ?? ""), {
          outcome: "valid",
          alias: `key-${index}`,
          expiry: `2050-${expiresOn.replace(/:00$/, "")}`,
        });
      }
    });
  }
}

/** @returns the key */
async function create(way: Way, alias: string, row: Row): Promise<string> {
  const { asked, expiresOn, isEarlier } = row;
  const { status, stdout, stderr } = await way.apikey("create", alias, "--expires-on", asked);
  assert.is(status, 0, stderr);
  assert.match(stderr, new RegExp(`^apikey: .* 2050-${expiresOn} .*\n$`), asked);
  assert.is(stderr.includes("repeats the time asked for"), isEarlier === true, asked);
  const text = new RegExp(
    `^API key created for alias '${alias}': (\\S{36})\n` +
      "Please store this key securely, as it will not be shown again.\n$",
  );
  assert.match(stdout, text);
  return text.exec(stdout)?.[1] ?? "";
}

async function assertListed(way: Way, rows: readonly Row[]): Promise<void> {
  const [, ...keys] = await listed(way);
  const seen = keys.map(({ expiresOn, expiresAt, expired }) => [expiresOn, expiresAt, expired]);
  const expected = rows.map(({ expiresOn, expiresAt }) => {
    return [`2050-${expiresOn}`, `2050-${expiresAt}.000Z`, false];
  });
  assert.equal(seen, expected);
  const [, ...lines] = (await way.apikey("list")).stdout.trimEnd().split("\n");
  const dates = lines.map((line) => line.replace(/^\S+ \S+/, ""));
  assert.equal(dates, rows.map(({ expiresOn }) => ` (Expires on 2050-${expiresOn})`));
}

javaDaemonTest("a key is refused in the same second by Java and by us", async () => {
  await Promise.all(ZONES.map(([zone]) => assertRefusedTogether(zone)));
});

async function assertRefusedTogether(zone: string): Promise<void> {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  await using opened = await throughDaemon(keystore, zone);
  await using java = await javaIn(zone);
  const created = await json(opened.apikey("create", "a", "--expires-in", "4s", "--json"));
  const lastMs = Date.parse(String(created["expiresAt"]));
  const Authorization = String(created["key"]);
  const look = async () => {
    const request = { method: "GET", path: "/v1/auth", headers: { Authorization } };
    const { status } = await send(folder.file("apikey.sock"), request);
    const { outcome } = await java.scan(keystore, Authorization);
    return [status, outcome];
  };
  await sleepUntil(lastMs - 990);
  const before = await look();
  // A machine under load may take longer to look than there was time.
  if (Date.now() < lastMs) assert.equal(before, [204, "valid"]);
  await sleepUntil(lastMs + 2);
  assert.equal(await look(), [401, "expired"]);
  const [, key] = await listed(opened);
  assert.is(key?.["expired"], true);
}

daemonTest(
  "a duration ends at the same instant whatever the zone of daemon and command",
  async () => {
    using folder = temporaryFolder();
    for (const zone of ["Asia/Kolkata", "UTC"]) {
      await using opened = await throughDaemon(folder.file(KEYSTORE_NAME), zone);
      const created = await json(opened.apikey("create", zone, "--expires-in", "1d12h", "--json"));
      const createdMs = Date.parse(String(created["createdAt"]));
      const lastMs = Date.parse(String(created["expiresAt"]));
      assert.is(lastMs, Math.floor(createdMs / 1000) * 1000 + 36 * 3_600_000);
      const wall = new Date(lastMs).toLocaleString("sv", { timeZone: zone }).replace(" ", "T");
      assert.is(created["expiresOn"], wall);
    }
  },
);

const PAST: readonly (readonly [what: string, expiry: readonly string[]])[] = [
  ["a local time", ["--expires-on", "2021-06-30T12:00"]],
  ["an instant", ["--expires-on", "2021-06-30T12:00:00Z"]],
  ["the second before this one", [
    "--expires-on",
    new Date(Date.now() - 1000).toISOString(),
  ]],
];

for (const [what, expiry] of PAST) {
  test(`refuses ${what} of the past as the upstream tool does`, async () => {
    using folder = temporaryFolder();
    await using opened = await inProcess(folder.file(KEYSTORE_NAME), "America/New_York");
    const text = "Expiration date time must be in the future";
    assert.equal(await opened.apikey("create", "A", ...expiry), {
      status: 1,
      stdout: "",
      stderr: `Error creating API key with alias 'a': ${text}\n`,
    });
    const { status, stderr } = await opened.apikey("create", "a", "--json", ...expiry);
    assert.is(status, 1);
    assert.is(JSON.parse(stderr).code, "ERR_EXPIRY_PAST");
    assert.is((await opened.apikey("list")).stdout, "No API keys found.\n");
  });
}

test("judges the past by the clock of the host", async () => {
  using folder = temporaryFolder();
  // What an hour from now will be on the clocks in the far west was yesterday in the far east.
  const wall = new Date(Date.now() + 3_600_000)
    .toLocaleString("sv", { timeZone: "Pacific/Pago_Pago" }).replace(" ", "T");
  const create = async (zone: string) => {
    await using opened = await inProcess(folder.file(KEYSTORE_NAME), zone);
    return (await opened.apikey("create", "a", "--expires-on", wall)).status;
  };
  assert.equal([await create("Pacific/Kiritimati"), await create("Pacific/Pago_Pago")], [1, 0]);
});

const MISUSES = [
  ["--expires-on", "2050-12-31"],
  ["--expires-on", "2050-02-30T00:00:00Z"],
  ["--expires-on", "tomorrow"],
  ["--expires-in", "0d"],
  ["--expires-in", "1 month"],
  ["--expires-in", "999999999w"],
  ["--expires-in", "30d", "--expires-on", "2050-12-31T00:00"],
];

for (const expiry of sampled(MISUSES, 4)) {
  test(`create ${expiry.join(" ")}: exit status 2, and no key`, async () => {
    using folder = temporaryFolder();
    await using opened = await inProcess(folder.file(KEYSTORE_NAME), "UTC");
    const { status, stdout, stderr } = await opened.apikey("create", "a", ...expiry);
    assert.equal([status, stdout], [2, ""]);
    assert.match(stderr, /^apikey: [^\n\p{Cc}]+\n$/u);
    assert.is((await opened.apikey("list")).stdout, "No API keys found.\n");
  });
}

function inProcess(keystore: string, zone: string): Promise<Way> {
  const env = { APIKEY_KEYSTORE: keystore, TZ: zone };
  return Promise.resolve({
    env,
    apikey: (...args) => apikey(args, { env }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/** The daemon has the zone, its clients have another one. */
async function throughDaemon(keystore: string, zone: string): Promise<Way> {
  const socket = join(keystore, "..", "apikey.sock");
  const daemon = await startDaemon(keystore, socket, [], (argv) => ["env", `TZ=${zone}`, ...argv]);
  const env = { APIKEY_SOCKET: socket, TZ: ELSEWHERE };
  return {
    env,
    apikey: (...args) => apikey(args, { env }),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

interface ZonedJava extends AsyncDisposable {
  scan(keystore: string, key: string): ReturnType<JavaTool["scan"]>;
}

async function javaIn(zone: string): Promise<ZonedJava> {
  const tool = await startJavaTool(zone);
  return {
    scan: (keystore, key) => tool.scan(keystore, BUILT_IN_PASSWORD, key),
    [Symbol.asyncDispose]: () => tool.close(),
  };
}

/** The keys in keystore order. */
async function listed(way: Way): Promise<readonly Record<string, unknown>[]> {
  const { keys } = await json(way.apikey("list", "--json"));
  return keys as readonly Record<string, unknown>[];
}

function sleepUntil(epochMs: number): Promise<void> {
  return sleep(Math.max(0, epochMs - Date.now()));
}

async function json(run: Promise<Outcome>): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run;
  assert.equal([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

test.run();
