import { chmodSync, existsSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { DEBIAN_ROOT_NEEDS } from "../support/debian_root.ts";
import { type JavaEntry, startJavaTool, withoutAuditEntry } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { openWine, type WineBox } from "../support/wine/box.ts";

/*
 * The executable that is built for Windows, under Wine: as far as that goes. What only Windows can
 * show is in src/platform/README.md.
 */
const [program] = COMMAND;
const isExecutable = COMMAND.length === 1 && basename(program) === "apikey";
const windowsTest = isExecutable
  ? requiring(test, ...DEBIAN_ROOT_NEEDS, "java", "javac")
  : () => undefined;

const FOLDER = "C:\\ProgramData\\MetricsHub\\security";
const KEYSTORE = `${FOLDER}\\metricshub-keystore.p12`;
const PASSWORD = `${FOLDER}\\metricshub-keystore.password`;
const AUDIT_LOG = `${FOLDER}\\metricshub-keystore.audit.jsonl`;
const KEY_FILE = "C:\\second.key";
const PIPE = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\metricshub-apikey";

let opened: WineBox | undefined;

async function wine(): Promise<WineBox> {
  return opened ??= await openWine();
}

test.after(async () => await opened?.[Symbol.asyncDispose]());

/** As Java finds them in the keystore. */
async function keysOfJava(box: WineBox): Promise<string[]> {
  const java = await startJavaTool();
  try {
    const password = readFileSync(box.path(PASSWORD), "utf8").trim();
    const entries = withoutAuditEntry(await java.dump(box.path(KEYSTORE), password));
    return entries.map(({ name }: JavaEntry) => name).filter((name) => name.startsWith("api_key:"));
  } finally {
    await java.close();
  }
}

windowsTest("lets nobody but administrators begin, and says how to become one", async () => {
  const box = await wine();
  for (const args of [["create", "a"], ["list"], ["daemon"]]) {
    const { status, stdout } = await box.asOrdinary(...args);
    assert.is(status, 4, stdout);
    assert.match(stdout, /administrator privileges are required.*elevated prompt/);
  }
  assert.not(existsSync(box.path(FOLDER)));
});

windowsTest("creates, lists and revokes without a daemon, for Java to read", async () => {
  const box = await wine();
  const created = await box.apikey("create", "--alias", "first");
  assert.equal([created.status, created.stderr], [0, ""]);
  assert.match(created.stdout, /^API key created for alias 'first': [0-9a-f-]{36}\n/);
  assert.is((await box.apikey("create", "second", "--output-file", KEY_FILE)).status, 0);
  assert.is((await box.apikey("revoke", "first")).stdout, "API key 'first' has been revoked.\n");
  assert.match((await box.apikey("list")).stdout, /^second \*{20}[0-9a-f]{4}\n$/);
  assert.equal(await keysOfJava(box), ["api_key:second"]);
});

windowsTest("keeps others from its files and their folder", async () => {
  const box = await wine();
  const names = [".p12", ".p12.lock", ".p12.generation-1", ".password", ".audit.jsonl"];
  const files = names.map((name) => `${FOLDER}\\metricshub-keystore${name}`);
  const paths = [FOLDER, ...files, KEY_FILE];
  const { status, stdout, stderr } = await box.tool("security.ts", ...paths);
  assert.is(status, 0, stderr);
  const descriptors = stdout.trim().split(/\r?\n/);
  assert.is(descriptors.length, paths.length);
  for (const sddl of descriptors) {
    const [, owner = ""] = /^O:([^:]+)D:/.exec(sddl) ?? [];
    const trustees = [...sddl.matchAll(/\(A;[A-Z]*;FA;;;([^)]+)\)/g)].map(([, sid]) => sid);
    // Wine makes the user the owner of each file, and shows no entry of the administrators'.
    assert.ok(trustees.every((sid) => sid === "SY" || sid === "BA" || sid === owner), sddl);
    assert.is(trustees.length, [...sddl.matchAll(/\(/g)].length, sddl);
  }
  assert.match((await box.apikey("keystore", "check")).stdout, /\n0 errors, 0 warnings\n$/);
  assert.match((await box.apikey("doctor")).stdout, /\n0 errors, 0 warnings, \d hint/);
});

windowsTest("waits for a program that has the keystore open as Java does", async () => {
  const box = await wine();
  const holding = box.tool("hold.ts", KEYSTORE, "1500");
  await new Promise((resolve) => setTimeout(resolve, 700));
  const started = performance.now();
  const { status, stderr } = await box.apikey("create", "meanwhile");
  assert.equal([status, stderr], [0, ""]);
  assert.ok(performance.now() - started > 500, "did not wait");
  assert.is((await holding).stdout.trim(), "open");
  assert.is((await box.apikey("revoke", "meanwhile")).status, 0);
});

const SERVICE = "metricshub-apikey";
const COPY = "C:\\Program Files\\metricshub-apikey\\bin\\apikey.exe";

windowsTest("is a service that starts, serves, stops and goes without a trace", async () => {
  const box = await wine();
  chmodSync(box.unix("/w/apikey.exe"), 0o777);
  const installed = await box.apikey("service", "install");
  assert.is(installed.status, 0, installed.stderr);
  assert.ok(existsSync(box.path(COPY)), "runs what others can write");
  assert.is((await box.apikey("service", "status")).status, 0);
  assert.is(JSON.parse((await box.apikey("service", "install", "--json")).stdout).changed, false);
  assert.is((await box.apikey("create", "a")).status, 0);
  assert.is((await box.apikey("revoke", "a")).status, 0);
  assert.match((await box.apikey("status", "--json")).stdout, /"daemon"/);
  await box.run("sc.exe", "interrogate", SERVICE);
  assert.is((await box.apikey("service", "status")).status, 0);
  await box.run("sc.exe", "stop", SERVICE);
  const acts = () => readFileSync(box.path(AUDIT_LOG), "utf8").match(/"act":"daemon-\w+"/g);
  assert.equal(await eventually(acts, 2), ['"act":"daemon-start"', '"act":"daemon-stop"']);
  assert.is((await box.apikey("service", "status")).status, 1);
  const denied = await box.asOrdinary("service", "install");
  assert.is(denied.status, 4, denied.stdout);
  const gone = await box.apikey("service", "uninstall");
  assert.is(gone.status, 0, gone.stderr);
  assert.not(existsSync(dirname(dirname(box.path(COPY)))));
  assert.ok(existsSync(box.path(KEYSTORE)));
  chmodSync(box.unix("/w/apikey.exe"), 0o755);
});

async function eventually<T>(ask: () => readonly T[] | null, count: number) {
  for (let tries = 0; (ask()?.length ?? 0) < count && tries < 100; tries++) await sleep(50);
  return ask();
}

windowsTest("serves administrators, and nobody else, over a pipe", async () => {
  const box = await wine();
  await box.startDaemon();
  assert.is((await box.tool("security.ts", PIPE)).stdout.trim(), "O:BAD:P(A;;GA;;;BA)(A;;GA;;;SY)");
  assert.is((await box.apikey("create", "third", "--socket", PIPE)).status, 0);
  assert.is((await box.apikey("revoke", "second")).status, 0);
  assert.match((await box.apikey("list")).stdout, /^third \*{20}[0-9a-f]{4}\n$/);
  const denied = await box.asOrdinary("list");
  assert.is(denied.status, 4, denied.stdout);
  assert.match(denied.stdout, /administrator privileges are required.*elevated prompt/);
  assert.equal(await keysOfJava(box), ["api_key:third"]);
  assert.match((await box.apikey("audit", "verify")).stdout, /are as they were written and signed/);
});

windowsTest("is alone on its keystore and at its pipe", async () => {
  const box = await wine();
  const other = ["--keystore", "C:\\other.p12"];
  for (const args of [["list", "--keystore", KEYSTORE], ["daemon"], ["daemon", ...other]]) {
    const { status, stderr } = await box.apikey(...args);
    assert.is(status, 5, stderr);
    assert.match(stderr, /is in use by the daemon with pid \d+|a daemon already listens/);
  }
  const { status, stderr } = await box.apikey("daemon", ...other, "--admin-group", "0");
  assert.is(status, 2, stderr);
});

windowsTest("lets an ordinary user keep keys of his own", async () => {
  const box = await wine();
  const own = ["--keystore", "C:\\own.p12"];
  assert.is((await box.asOrdinary("create", "mine", ...own)).status, 0);
  assert.match((await box.asOrdinary("list", ...own)).stdout, /^mine \*{20}[0-9a-f]{4}\r?\n$/);
});

// uvu fails a file without tests, so the source has one, too.
if (!isExecutable) test("is for the executable alone", () => undefined);

test.run();
