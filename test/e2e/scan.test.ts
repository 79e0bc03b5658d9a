// Keys that have got somewhere else.
import { randomUUID } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { apikey, execute } from "../support/execute.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { asUser } from "../support/users.ts";
import { TRIED_WAYS } from "../support/ways.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const CLAUDE = "3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3";
const RETIRED = "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11";

for (const { way, open } of TRIED_WAYS) {
  test(`finds keys in files and folders, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    const place = folder.file("place");
    mkdirSync(join(place, "deep", "er"), { recursive: true });
    writeFileSync(
      join(place, "a.txt"),
      `curl -H 'Authorization: Bearer ${OPENAI}'\n${randomUUID()}`,
    );
    writeFileSync(join(place, "deep", "er", "b"), `${CLAUDE.toUpperCase()}${RETIRED}x${OPENAI}`);
    writeFileSync(join(place, "deep", "none"), `${randomUUID()}\n${OPENAI.slice(1)}`);
    symlinkSync(join(place, "a.txt"), join(place, "link"));
    symlinkSync("/", join(place, "deep", "root"));
    const all = await opened.apikey("scan", place);
    const deep = join(place, "deep", "er", "b");
    assert.equal([all.status, all.stderr], [3, ""]);
    assert.equal(all.stdout.split("\n"), [
      `${join(place, "a.txt")}: API key 'mcp-openai' at octet 31`,
      `${deep}: API key 'mcp-claude' at octet 0`,
      `${deep}: API key 'retired' at octet 36`,
      `${deep}: API key 'mcp-openai' at octet 73`,
      "",
    ]);
    assert.not.match(all.stdout, OPENAI);
    const json = await opened.apikey("scan", "--json", deep, join(place, "deep", "none"));
    const { findings, revoked } = JSON.parse(json.stdout);
    assert.equal([json.status, findings.length, revoked], [3, 3, []]);
    assert.equal(findings[0], { alias: "mcp-claude", path: deep, offset: 0 });
    const none = await opened.apikey("scan", join(place, "deep", "none"), keystore);
    assert.equal([none.status, none.stdout], [0, "No API keys found.\n"]);
  });

  test(`revokes what it has found, and nothing else, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    const leak = folder.file("leak");
    writeFileSync(leak, `${OPENAI} ${OPENAI}`);
    assert.is((await opened.apikey("rotate", "mcp-openai")).status, 0);
    // Not the new key, which has not leaked.
    const outcome = await opened.apikey("scan", "--revoke", leak);
    assert.is(outcome.status, 3);
    assert.match(outcome.stdout, /\nAPI key 'mcp-openai~1' has been revoked\.\n$/);
    assert.is(outcome.stdout.split("revoked").length, 2);
    const list = (await opened.apikey("list", "--json")).stdout;
    const aliases = (JSON.parse(list).keys as { alias: string }[]).map(({ alias }) => alias);
    assert.equal(aliases, ["mcp-openai", "mcp-claude", "retired"]);
    assert.is((await opened.apikey("scan", "--revoke", leak)).status, 0);
  });
}

test("reads standard input, whole", async () => {
  using folder = temporaryFolder();
  const args = ["scan", "--keystore", folder.keystore("jdk17-metricshub.p12")];
  for (const more of [[], ["-"]]) {
    const { status, stdout } = await apikey([...args, ...more], { input: `x${OPENAI}\n` });
    assert.equal([status, stdout], [3, "standard input: API key 'mcp-openai' at octet 1\n"]);
  }
  assert.is((await apikey(args, { input: "" })).status, 0);
});

test("reads pipes, as they come", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const scan = [...COMMAND, "scan", "--keystore", keystore];
  const fifo = folder.file("fifo");
  const slowly = `(sleep 0.3; printf ${OPENAI.slice(0, 20)}; sleep 0.3; echo ${OPENAI.slice(20)})`;
  const scripts = [
    `${slowly} | "$@"`,
    `${slowly} | "$@" /dev/stdin`,
    `mkfifo ${fifo}; ${slowly} > ${fifo} & "$@" ${fifo}`,
  ];
  for (const script of scripts) {
    const { status, stdout, stderr } = await execute(["sh", "-c", script, "sh", ...scan]);
    assert.equal([status, stderr], [3, ""], script);
    assert.match(stdout, /^[^:]+: API key 'mcp-openai' at octet 0\n$/);
  }
  const { status, stderr } = await execute(["sh", "-c", '"$@" < /', "sh", ...scan]);
  assert.is(status, 1);
  assert.match(stderr, /^apikey: cannot read standard input: [^\n]*\n$/);
});

test("counts what there is too much of to tell", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const log = folder.file("log");
  writeFileSync(log, `${OPENAI}\n`.repeat(5_000));
  const plain = await apikey(["scan", "--keystore", keystore, log]);
  const lines = plain.stdout.split("\n");
  assert.equal([plain.status, lines.length], [3, 102]);
  assert.is(lines[100], `${log}: API key 'mcp-openai' 4900 times more`);
  const json = await apikey(["scan", "--json", "--keystore", keystore, log]);
  const { findings, total } = JSON.parse(json.stdout);
  assert.equal([findings.length, total], [100, 5_000]);
});

const rootTest = requiring(test, "linux", "root", "setpriv");

rootTest("says what it could not read, and searches the rest", async () => {
  using folder = temporaryFolder(0o755);
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const place = folder.file("place");
  mkdirSync(place, { mode: 0o755 });
  writeFileSync(join(place, "closed"), OPENAI, { mode: 0o600 });
  writeFileSync(join(place, "open"), CLAUDE, { mode: 0o644 });
  chmodSync(place, 0o755);
  const missing = await apikey(["scan", "--keystore", keystore, folder.file("nothing"), place]);
  assert.equal([missing.status, missing.stdout.split("\n").length], [3, 3]);
  assert.match(missing.stderr, /^apikey: cannot read [^\n]*nothing: [^\n]*\n$/);
  const only = await apikey(["scan", "--keystore", keystore, folder.file("nothing")]);
  assert.equal([only.status, only.stdout], [1, ""]);
  // Nobody else learns anything of keys.
  const argv = asUser({ uid: 1000 }, [...COMMAND, "scan", place, "--keystore", keystore]);
  assert.is((await execute(argv)).status, 4);
});

/** In the middle of UUIDs that are nobody's. */
const MEGABYTES = 64;
const PLANTED = 10;

test(`finds ${PLANTED} keys in ${MEGABYTES} MB of UUIDs, and nothing else`, async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const file = folder.file("noise");
  const lines = 1024 * 1024 / 37;
  const planted: number[] = [];
  for (let megabyte = 0, offset = 0; megabyte < MEGABYTES; megabyte++) {
    const uuids = Array.from({ length: Math.floor(lines) }, () => randomUUID());
    if (megabyte % 6 === 1 && planted.length < PLANTED) {
      const at = Math.floor(Math.random() * uuids.length);
      uuids[at] = OPENAI as typeof uuids[0];
      planted.push(offset + 37 * at);
    }
    const text = `${uuids.join("\n")}\n`;
    appendFileSync(file, text);
    offset += text.length;
  }
  const startedAt = performance.now();
  const { status, stdout } = await apikey(["scan", "--json", "--keystore", keystore, file]);
  const seconds = (performance.now() - startedAt) / 1_000;
  assert.is(status, 3);
  const { findings } = JSON.parse(stdout) as { findings: { alias: string; offset: number }[] };
  assert.equal(findings.map(({ offset }) => offset), planted);
  assert.ok(findings.every(({ alias }) => alias === "mcp-openai"));
  const megabytes = readFileSync(file).length / 1e6;
  measured(`scanned ${(megabytes / seconds).toFixed(0)} MB/s, start and end included`);
});

test.run();
