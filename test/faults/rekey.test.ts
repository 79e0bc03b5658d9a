// A change of the store password with each of its system calls failing in turn, and each being the
// last: there is always a keystore and a password that opens it.
import { Buffer } from "node:buffer";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setUpWith } from "../interop/setup.ts";
import { COMMAND } from "../support/command.ts";
import { apikey, execute, type Outcome } from "../support/execute.ts";
import { type JavaEntry, type JavaTool, startJavaTool } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { fileCalls } from "./calls.ts";
import { assertEverySurvived } from "./every_one.ts";
import { everyFault, type Fault, isKill, withoutRecord } from "./faults.ts";
import { strike, tracing } from "./injection.ts";
import {
  makeKeystore,
  PASSWORD_NAME,
  restoreFolder,
  type SavedFile,
  saveFolder,
  strays,
  TEMPORARY,
} from "./place.ts";

const ENVIRONMENT = { UV_THREADPOOL_SIZE: "1" };
const STRACE = ["strace", "--quiet=all", "--follow-forks"];
const SUCCESSOR_NAME = `${PASSWORD_NAME}.new`;
const BENCHES = 2;

let tool: JavaTool;
test.before(setUpWith(["javac"], async () => void (tool = await startJavaTool())));
test.after(() => tool?.close());

interface Bench {
  readonly folder: string;
  readonly keystore: string;
  readonly log: string;
  readonly files: readonly SavedFile[];
  /** What Java sees, whatever the password. */
  readonly entries: readonly JavaEntry[];
}

const faultTest = requiring(test, "linux", "root", "strace", "javac");

faultTest("every call of a rekeying may fail, or be the last", async () => {
  using folder = temporaryFolder();
  const benches: Bench[] = [];
  for (let i = 0; i < BENCHES; i++) benches.push(await open(folder, `bench-${i}`));
  const [bench] = benches as [Bench];
  await assertEverySurvived({
    about: "rekey",
    faults: await findFaults(bench),
    least: { faults: 150, kills: 40 },
    benches,
    assertSurvives,
  });
});

/** A keystore under a password of its own, which a rekeying has to change in two places. */
async function open(folder: TemporaryFolder, name: string): Promise<Bench> {
  const path = folder.file(name);
  mkdirSync(path);
  const keystore = await makeKeystore(path);
  const { status, stderr } = await apikey([
    ...["keystore", "rekey", "--force"],
    ...["--keystore", keystore],
  ]);
  assert.is(status, 0, stderr);
  await succeed(["create", "kept"], keystore);
  const entries = await tool.dump(keystore, passwordIn(path, PASSWORD_NAME));
  const files = saveFolder(path);
  return { folder: path, keystore, log: folder.file(`${name}.trace`), files, entries };
}

async function findFaults(bench: Bench): Promise<Fault[]> {
  const outcome = await rekey(bench, [...STRACE, ...tracing(bench.log)]);
  assert.is(outcome.status, 0, outcome.stderr);
  await assertWhole(bench);
  return withoutRecord(everyFault(fileCalls(bench.log, bench.folder), KEYSTORE_NAME));
}

async function assertSurvives(fault: Fault, bench: Bench): Promise<void> {
  const { folder, log, files } = bench;
  const before = files.find(({ name }) => name === KEYSTORE_NAME)?.bytes ?? new Uint8Array();
  const outcome = await strike({ fault, folder, log }, (options) => {
    restoreFolder(folder, files);
    const faster = isKill(fault) ? [] : ["--seccomp-bpf"];
    return rekey(bench, [...STRACE, ...faster, ...options]);
  });
  const after = readFileSync(bench.keystore);
  assertTold(outcome, fault, after.equals(before));
  await assertPair(bench);
  if (!isKill(fault)) assert.equal(temporaryFiles(folder), [], "nothing half-made is left");
  // Whoever comes next finds the password, and puts it in its place.
  await succeed(["revoke", "kept"], bench.keystore);
  const left = bench.entries.filter(({ name }) => name !== "api_key:kept");
  await assertWhole({ ...bench, entries: left });
}

function assertTold({ status, stdout, stderr }: Outcome, fault: Fault, isOld: boolean): void {
  const text = `exit status ${status}: ${stdout}${stderr}`;
  assert.is(status === null, isKill(fault), text);
  if (status === 0) assert.not(isOld || fault.isFatal, text);
  if (status === null || status === 0) return;
  assert.ok(status === 6 || status === 5, text);
  assert.match(stderr, /^apikey: [^\n]+\n$/, text);
}

/** One of the two passwords opens the keystore in Java, and everything is in it. */
async function assertPair({ folder, keystore, entries }: Bench): Promise<void> {
  const names = [PASSWORD_NAME, SUCCESSOR_NAME].filter((name) => existsSync(join(folder, name)));
  const dumps = await Promise.allSettled(
    names.map((name) => tool.dump(keystore, passwordIn(folder, name))),
  );
  const opened = dumps.find((dump) => dump.status === "fulfilled");
  assert.ok(opened, `none of ${names} opens the keystore`);
  assert.equal(opened.value, entries);
}

/** The password in its place opens the keystore, and nothing is left beside them. */
async function assertWhole({ folder, keystore, entries }: Bench): Promise<void> {
  assert.equal(strays(folder), []);
  assert.equal(await tool.dump(keystore, passwordIn(folder, PASSWORD_NAME)), entries);
}

function passwordIn(folder: string, name: string): string {
  return Buffer.from(readFileSync(join(folder, name))).toString("latin1").trimEnd();
}

function temporaryFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => TEMPORARY.test(name));
}

function rekey({ keystore }: Bench, tracer: readonly string[]): Promise<Outcome> {
  const argv = [...tracer, ...COMMAND, "keystore", "rekey", "--keystore", keystore];
  return execute(argv, { env: ENVIRONMENT });
}

async function succeed(argv: readonly string[], keystore: string): Promise<string> {
  const { status, stdout, stderr } = await apikey([...argv, "--keystore", keystore]);
  assert.is(status, 0, stderr);
  return stdout;
}

test.run();
