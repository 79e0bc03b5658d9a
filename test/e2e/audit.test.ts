// The record of who did what: it is complete, tells the truth, and shows where somebody altered it.
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AuditRecord, parseAuditRecord } from "../../src/model/audit_record.ts";
import { COMMAND } from "../support/command.ts";
import { startDaemon } from "../support/daemon.ts";
import { apikey, execute, type Outcome } from "../support/execute.ts";
import { jsonRequest, send } from "../support/http.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { JOURNALD, requiring } from "../support/requirements.ts";
import { sendAs } from "../support/send_as.ts";
import {
  AUDIT_LOG_NAME,
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { asUser } from "../support/users.ts";
import { TRIED_WAYS } from "../support/ways.ts";

const rootTest = requiring(test, "linux", "root", "setpriv", "unshare");
const mountTest = requiring(test, "linux", "root", "mount");
const opensslTest = requiring(test, "openssl");

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

function recordsOf(folder: TemporaryFolder): AuditRecord[] {
  return linesOf(folder).map((line) => parseAuditRecord(line) ?? refuseLine(line));
}

function linesOf(folder: TemporaryFolder): string[] {
  return readFileSync(folder.file(AUDIT_LOG_NAME), "utf8").trimEnd().split("\n");
}

function refuseLine(line: string): never {
  throw new Error(`no record: ${line}`);
}

function brief({ act, outcome, alias = "", reason = "" }: AuditRecord): string {
  return [act, outcome, alias, reason].filter((text) => text !== "").join(" ");
}

/** The key that a command has printed. */
function keyIn({ status, stdout, stderr }: Outcome): string {
  assert.is(status, 0, stderr);
  return /[0-9a-f-]{36}/.exec(stdout)?.[0] ?? refuseLine(stdout);
}

for (const { way, open } of TRIED_WAYS) {
  test(`what an administrator does is on record, without a secret, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    const { apikey: run } = opened;
    const key = keyIn(await run("create", "agent"));
    assert.is((await run("create", "agent")).status, 1);
    assert.is((await run("describe", "agent", "--owner=ops")).status, 0);
    assert.is((await run("rename", "agent", "other")).status, 0);
    const next = keyIn(await run("rotate", "other", "--grace=0"));
    assert.is((await run("list")).status, 0);
    assert.is((await run("revoke", "other")).status, 0);
    assert.is((await run("keystore", "backup", folder.file("copy"))).status, 0);
    const records = recordsOf(folder).filter(({ act }) => !act.startsWith("daemon-"));
    assert.equal(records.map(brief), [
      "create asked agent",
      "create done agent",
      "create asked agent",
      "create refused agent ERR_ALIAS_EXISTS",
      "change asked agent",
      "change done agent",
      "change asked agent",
      "change done agent",
      "rotate asked other",
      "rotate done other",
      "revoke asked other",
      "revoke done other",
      "keystore-copy asked",
      "keystore-copy done",
    ]);
    const [, , , , , described, , renamed] = records;
    assert.equal([described?.changes, renamed?.aliases], [["owner"], ["other"]]);
    for (const { peer } of records) assert.is(peer?.uid, process.getuid?.());
    for (const secret of [key, next]) assert.not.match(linesOf(folder).join("\n"), secret);
    const verified = await run("audit", "verify");
    assert.equal([verified.status, verified.stderr], [0, ""], verified.stdout);
    const { env } = opened;
    const found = await apikey(["audit", "find", "--json"], { env, input: key });
    const { records: of } = JSON.parse(found.stdout) as { records: AuditRecord[] };
    assert.equal(of.map(brief), ["create done agent"]);
    const unknown = await apikey(["audit", "find"], { env, input: OPENAI });
    assert.equal([unknown.status, unknown.stdout], [1, "No audit records found.\n"]);
    const byAlias = await run("audit", "find", "--alias=OTHER");
    assert.is(byAlias.stdout.trimEnd().split("\n").length, 5);
  });
}

rootTest(
  "who is refused is on record before he hears of it: as what, from where, as whom",
  async () => {
    using folder = temporaryFolder(0o755);
    const socket = folder.file("apikey.sock");
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using _daemon = await startDaemon(keystore, socket, ["--socket-mode", "666"]);
    const requests = [
      jsonRequest("POST", "/v1/keys", { alias: "x" }),
      { method: "DELETE", path: "/v1/keys/mcp-openai" },
      { method: "GET", path: "/v1/nothing" },
      jsonRequest("POST", "/v1/verify", { key: OPENAI }),
    ];
    await sendAs({ uid: 1000 }, socket, requests);
    const login = 'echo 4242 > /proc/self/loginuid; exec "$0" "$@"';
    const argv = ["sh", "-c", login, ...asUser({ uid: 1001 }, [...COMMAND, "list"])];
    assert.is((await execute([...argv, "--socket", socket])).status, 4);
    const refused = recordsOf(folder).filter(({ outcome }) => outcome === "refused");
    assert.equal(refused.map((record) => `${record.peer?.uid} ${brief(record)}`), [
      "1000 create refused ERR_FORBIDDEN",
      "1000 revoke refused mcp-openai ERR_FORBIDDEN",
      "1000 unknown refused ERR_FORBIDDEN",
      "1000 verify refused ERR_FORBIDDEN",
      "1001 list refused ERR_FORBIDDEN",
    ]);
    const last = refused.at(-1)?.peer;
    assert.is(last?.loginUid, 4242, "as whom the user once logged in");
    assert.match(last?.executable ?? "", /(node|deno|apikey)$/);
  },
);

test("requests that make no sense, and pages of the web, are on record", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("apikey.sock");
  await using _daemon = await startDaemon(folder.keystore("jdk17-metricshub.p12"), socket);
  await send(socket, { ...jsonRequest("POST", "/v1/keys", {}), body: "{" });
  await send(socket, jsonRequest("POST", "/v1/keys", { alias: "a", scopes: ["%"] }));
  await send(socket, { method: "GET", path: "/v1/keys", headers: { Origin: "https://x" } });
  const records = recordsOf(folder).filter(({ act }) => act !== "daemon-start");
  assert.equal(records.map(brief), [
    "create refused ERR_INVALID_REQUEST",
    "create asked a",
    "create refused a ERR_INVALID_REQUEST",
    "list refused ERR_ORIGIN_FORBIDDEN",
  ]);
});

test("a daemon records keys that are not valid: some, and how many", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("apikey.sock");
  const daemon = await startDaemon(folder.keystore("jdk17-metricshub.p12"), socket);
  const { key } = JSON.parse((await apikey(["create", "a", "--json", "--socket", socket])).stdout);
  await send(socket, { method: "DELETE", path: "/v1/keys/a" });
  for (let i = 0; i < 25; i++) {
    const headers = { Authorization: `Bearer ${key}` };
    const { status } = await send(socket, { method: "GET", path: "/v1/auth", headers });
    assert.is(status, 401);
  }
  daemon.signal("SIGTERM");
  assert.is(await daemon.ended, 0, daemon.output());
  const records = recordsOf(folder).filter(({ act }) => act === "verify");
  assert.is(records.filter(({ outcome }) => outcome === "refused").length, 10);
  assert.equal(records.at(-1)?.counts, { NOT_FOUND: 25 });
  const keystore = folder.file(KEYSTORE_NAME);
  const found = await apikey(["audit", "find", "--keystore", keystore], { input: key });
  // Its creation, and who has tried it since.
  assert.is(found.stdout.trimEnd().split("\n").length, 11);
});

mountTest("what cannot be recorded is not done, in process and by a daemon", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const socket = folder.file("apikey.sock");
  const disk = folder.file("disk");
  const host = await mountNamespace('mkdir "$1" && mount -t tmpfs -o size=64k tmpfs "$1"', disk);
  await using _host = host;
  const log = ["--audit-log", `${disk}/log`];
  const fill = () => execute(host.enter(["sh", "-c", `yes > ${disk}/filling 2>&1 || true`]));
  const run = (...args: string[]) => execute(host.enter([...COMMAND, ...args]));
  const before = readFileSync(keystore);
  await fill();
  const refused = await run("create", "x", "--keystore", keystore, ...log);
  assert.equal([refused.status, refused.stdout], [6, ""]);
  assert.match(refused.stderr, /^apikey: cannot write the audit log [^\n]+\n$/);
  const wrap = (argv: readonly string[]) => host.enter(argv);
  await using _daemon = await startDaemon(keystore, socket, log, wrap);
  const answer = await send(socket, jsonRequest("POST", "/v1/keys", { alias: "x" }));
  assert.equal([answer.status, JSON.parse(answer.body).code], [503, "ERR_AUDIT"]);
  assert.equal(readFileSync(keystore), before, "nothing has been changed");
  await execute(host.enter(["rm", `${disk}/filling`]));
  assert.is((await send(socket, jsonRequest("POST", "/v1/keys", { alias: "x" }))).status, 201);
});

opensslTest("a log is checked without a keystore, and by openssl alone", async () => {
  using folder = temporaryFolder();
  const keystore = ["--keystore", folder.keystore("jdk17-metricshub.p12")];
  for (const alias of ["a", "b", "c"]) keyIn(await apikey(["create", alias, ...keystore]));
  const { stdout: certificate } = await apikey(["audit", "certificate", ...keystore]);
  const pem = folder.file("audit.pem");
  writeFileSync(pem, certificate);
  const openssl = async (...args: string[]) => {
    const { status, stdout, stderr } = await execute(["openssl", ...args]);
    assert.is(status, 0, stderr);
    return stdout;
  };
  assert.is(await openssl("verify", "-x509_strict", "-CAfile", pem, pem), `${pem}: OK\n`);
  assert.match(await openssl("x509", "-in", pem, "-noout", "-subject"), /apikey audit log/);
  // As the documentation says.
  const [, signed = "", signature = ""] =
    /^(.*),"signature":"([^"]+)"\}$/.exec(linesOf(folder).at(-1) ?? "") ?? [];
  writeFileSync(folder.file("signed"), `${signed}}`);
  writeFileSync(folder.file("signature"), Buffer.from(signature, "base64"));
  writeFileSync(folder.file("public"), await openssl("x509", "-in", pem, "-noout", "-pubkey"));
  const check = ["dgst", "-sha256", "-verify", folder.file("public"), "-signature"];
  assert.is(
    await openssl(...check, folder.file("signature"), folder.file("signed")),
    "Verified OK\n",
  );

  const copy = folder.file("copy.jsonl");
  const lines = linesOf(folder);
  const verdict = async (changed: readonly string[], ...more: readonly string[]) => {
    writeFileSync(copy, changed.map((line) => `${line}\n`).join(""));
    const args = ["audit", "verify", copy, "--certificate", pem, "--json", ...more];
    const { status, stdout } = await apikey(args);
    const { fault, sequence } = JSON.parse(stdout);
    return `${status} ${fault} ${sequence}`;
  };
  assert.is(await verdict(lines), "0 null null");
  assert.is(await verdict(lines.with(3, (lines[3] ?? "").replace('"b"', '"z"'))), "3 altered 4");
  assert.is(await verdict(lines.toSpliced(2, 1)), "3 missing 3");
  assert.is(await verdict(lines.slice(1)), "3 missing 1");
  assert.is(await verdict(lines.slice(1), "--first=2"), "0 null null");
  assert.is(await verdict(lines.slice(0, 5)), "0 null null", "without what remembers the end");
  copyFileSync(folder.file(`${AUDIT_LOG_NAME}.head`), `${copy}.head`);
  assert.is(await verdict(lines.slice(0, 5)), "3 missing 6");
  assert.is(await verdict([]), "3 missing 1");
});

test("a log that an older certificate has signed still verifies, and so does what followed", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const run = async (status: number, ...args: string[]) => {
    const outcome = await apikey([...args, "--keystore", keystore]);
    assert.is(outcome.status, status, outcome.stderr + outcome.stdout);
    return outcome.stdout;
  };
  copyFileSync(keystore, folder.file("before"));
  await run(0, "create", "a");
  writeFileSync(folder.file("old.pem"), await run(0, "audit", "certificate"));
  copyFileSync(folder.file(AUDIT_LOG_NAME), folder.file("old.jsonl"));
  // A state of the keystore from before it had a certificate.
  await run(0, "keystore", "restore", folder.file("before"));
  const old = ["--certificate", folder.file("old.pem")];
  const isOld = await apikey(["audit", "verify", folder.file("old.jsonl"), ...old]);
  assert.is(isOld.status, 0, isOld.stdout + isOld.stderr);
  assert.is((await apikey(["audit", "certificate", "--keystore", keystore])).status, 1);
  await run(0, "create", "b");
  const now = await run(0, "audit", "certificate");
  assert.is.not(now, readFileSync(folder.file("old.pem"), "utf8"));
  await run(0, "audit", "verify");
  const both = folder.file("both.pem");
  writeFileSync(both, now + readFileSync(folder.file("old.pem"), "utf8"));
  const log = folder.file(AUDIT_LOG_NAME);
  assert.is((await apikey(["audit", "verify", log, "--certificate", both])).status, 0);
  const alone = await apikey(["audit", "verify", log, ...old, "--json"]);
  assert.equal([alone.status, JSON.parse(alone.stdout).fault], [3, "unsigned"]);
});

test("commands beside each other leave one chain", async () => {
  using folder = temporaryFolder();
  const keystore = ["--keystore", folder.keystore("jdk17-metricshub.p12")];
  const created = await Promise.all(
    Array.from({ length: 12 }, (_, i) => apikey(["create", `k${i}`, ...keystore])),
  );
  for (const outcome of created) keyIn(outcome);
  assert.is(recordsOf(folder).length, 24);
  const { status, stdout } = await apikey(["audit", "verify", ...keystore]);
  assert.is(status, 0, stdout);
});

const journalTest = requiring(test, "linux", "root", "mount", "journald");

journalTest("the journal takes records, and gives back what verifies", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const journal = `/run/log/journal/${readFileSync("/etc/machine-id", "utf8").trim()}`;
  const script = 'mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/journal "$1"; "$2" >&2 &';
  await using host = await mountNamespace(`${script} ${UNTIL_THERE}`, journal, JOURNALD);
  const run = (...args: string[]) => {
    const options = ["--keystore", keystore, "--audit-log", "journal"];
    return execute(host.enter([...COMMAND, ...args, ...options]));
  };
  keyIn(await run("create", "a"));
  assert.is((await run("create", "a")).status, 1);
  const ofUs = ["--directory", journal, "--identifier=apikey-audit", "--output=cat"];
  let lines: string[] = [];
  // The journal writes when it has a moment.
  for (let attempt = 0; lines.length < 4 && attempt < 100; attempt++) {
    const { stdout } = await execute(host.enter(["journalctl", ...ofUs]));
    lines = stdout.split("\n").filter((line) => line !== "");
    await sleep(20);
  }
  assert.equal(lines.map((line) => brief(parseAuditRecord(line) ?? refuseLine(line))), [
    "create asked a",
    "create done a",
    "create asked a",
    "create refused a ERR_ALIAS_EXISTS",
  ]);
  const verify = (input: string) => {
    const args = ["audit", "verify", "-", "--keystore", keystore, "--audit-log", "journal"];
    return execute(host.enter([...COMMAND, ...args]), { input });
  };
  assert.is((await verify(`${lines.join("\n")}\n`)).status, 0);
  assert.is((await verify(`${lines.slice(0, 3).join("\n")}\n`)).status, 3);
  assert.not.ok(existsSync(folder.file(AUDIT_LOG_NAME)));
  await execute(host.enter(["sh", "-c", "rm /run/systemd/journal/socket"]));
  const refused = await run("revoke", "a");
  assert.equal([refused.status, refused.stdout], [6, ""], refused.stderr);
});

const UNTIL_THERE = "while [ ! -S /run/systemd/journal/socket ]; do sleep 0.05; done";

test("none keeps no record", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  const args = ["--keystore", keystore, "--audit-log", "none"];
  keyIn(await apikey(["create", "a", ...args]));
  assert.not.ok(existsSync(folder.file(AUDIT_LOG_NAME)));
  const status = JSON.parse((await apikey(["status", "--json", "--keystore", keystore])).stdout);
  assert.is(status.keystore.otherEntries, 0);
  for (const command of ["verify", "certificate"]) {
    assert.is((await apikey(["audit", command, ...args])).status, 1);
  }
  rmSync(keystore);
});

test.run();
