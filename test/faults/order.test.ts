// What no crash of a process can show, as the kernel keeps what it was told: whether a change was
// on the disk before anybody heard of it, and whether it was made under the lock.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { openEvents } from "../support/event_stream.ts";
import { execute } from "../support/execute.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import { readTrace } from "../support/strace.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { attach } from "./attach.ts";
import { type FileCall, fileCalls, withoutRandom } from "./calls.ts";
import type { Change } from "./keystore_state.ts";
import { LOCK_NAME, makeKeystore, PASSWORD_NAME, placeAt, strays } from "./place.ts";
import { ask, startCountable } from "./served.ts";
import { toldByCommand, toldByDaemon } from "./told.ts";

const CREATE: Change = { kind: "create", alias: "new" };
const REVOKE: Change = { kind: "revoke", alias: "mcp-openai" };

type Trace = (folder: string, log: string, change: Change) => Promise<void>;

/** Beginnings of data are enough to know an acknowledgement by. */
const STRACE = ["--follow-forks", "--decode-fds=path", "--signal=none", "--string-limit=32"];

async function traceCommand(folder: string, log: string, change: Change): Promise<void> {
  const command = [
    ...COMMAND,
    change.kind,
    change.alias,
    "--keystore",
    join(folder, KEYSTORE_NAME),
  ];
  const outcome = await execute([
    "strace",
    "--quiet=all",
    ...STRACE,
    `--output=${log}`,
    ...command,
  ]);
  assert.is(toldByCommand(outcome).result, "done");
}

async function traceDaemon(folder: string, log: string, change: Change): Promise<void> {
  await using daemon = await startCountable(join(folder, KEYSTORE_NAME), `${folder}.sock`);
  await using _ = await attach(daemon.pid, [...STRACE, `--output=${log}`]);
  assert.is(toldByDaemon(await ask(daemon.socket, change)).result, "done");
}

interface Row {
  readonly about: string;
  readonly trace: Trace;
  readonly change: Change;
  readonly existing: boolean;
  /** The files that are put in place, in this order. */
  readonly targets: readonly string[];
}

const ROWS: readonly Row[] = [
  { about: "by a command", trace: traceCommand },
  { about: "by a daemon", trace: traceDaemon },
].flatMap(({ about, trace }) =>
  [
    { change: CREATE, existing: true, targets: [KEYSTORE_NAME] },
    { change: REVOKE, existing: true, targets: [KEYSTORE_NAME] },
    { change: CREATE, existing: false, targets: [PASSWORD_NAME, KEYSTORE_NAME] },
  ].map((row) => ({ about, trace, ...row }))
);

let inspected = 0;
test.after(() => measured(`order: ${inspected} calls inspected`));

const traceTest = requiring(test, "linux", "root", "strace");

for (const { about, trace, change, existing, targets } of ROWS) {
  const first = existing ? "" : "the first ";
  traceTest(`${first}${change.kind} ${about} is on the disk when it is acknowledged`, async () => {
    using folder = temporaryFolder();
    const place = await makePlace(folder, existing);
    const log = folder.file("trace");
    await trace(place, log, change);
    const calls = fileCalls(log, place);
    const saves = targets.map((target) => findSave(calls, target));
    inspected += saves.flat(2).length;
    for (const save of saves) assertInOrder(save);
    assertInOrder([...saves.flatMap(ends), [findAcknowledgement(log)]]);
    // A daemon has had the lock from its start.
    if (trace === traceCommand) assertLocked(calls);
  });
}

async function makePlace(folder: TemporaryFolder, existing: boolean): Promise<string> {
  const { folder: path } = placeAt(folder.file("keystore"));
  if (existing) await makeKeystore(path);
  return path;
}

type Calls = readonly { startLine: number; endLine: number; text: string }[];

/** A file's way into its place, in steps each of which has to end before the next begins. */
function findSave(calls: readonly FileCall[], target: string): readonly Calls[] {
  const temporary = withoutRandom(`.${target}.0123456789abcdef.tmp`);
  const those = (pattern: RegExp, file: string) =>
    calls.filter((call) => pattern.test(call.name) && call.files.includes(file));
  const renamed = those(/^rename/, temporary).filter(({ file }) => file === target);
  assert.is(renamed.length, 1, `one rename to ${target}`);
  const opened = those(/^open/, temporary);
  assert.is(opened.length, 1, "one temporary file");
  assert.match(opened[0]?.text ?? "", /O_CREAT\|O_EXCL/);
  const steps = [
    opened,
    those(/^fch(own|mod)$/, temporary),
    those(/^p?writev?/, temporary),
    those(/^f(data)?sync$/, temporary),
    renamed,
    those(/^fsync$/, "").filter(({ startLine }) => startLine > (renamed[0]?.endLine ?? 0))
      .slice(0, 1),
  ];
  for (const step of [2, 3, 5]) assert.ok((steps[step]?.length ?? 0) > 0, `step ${step} is made`);
  for (const { text } of steps.flat()) assert.match(text, / = \d/, "it works");
  return steps;
}

/** What a save begins and ends with. */
function ends(save: readonly Calls[]): readonly Calls[] {
  return [save[0] ?? [], save.at(-1) ?? []];
}

function findAcknowledgement(log: string): Calls[number] {
  const said = /"(API key |HTTP\/1\.1 20[14] )/;
  const found = readTrace(log).find(({ name, text }) => /write|send/.test(name) && said.test(text));
  assert.ok(found, "it is acknowledged");
  return found as Calls[number];
}

function assertInOrder(steps: readonly Calls[]): void {
  const made = steps.filter((calls) => calls.length > 0);
  for (const [i, later] of made.slice(1).entries()) {
    for (const before of made[i] ?? []) {
      for (const after of later) {
        assert.ok(before.endLine < after.startLine, `${before.text} before ${after.text}`);
      }
    }
  }
}

/** Nothing is read that is going to be changed, or written, before or after the lock is held. */
function assertLocked(calls: readonly FileCall[]): void {
  const taken = calls.filter(({ name, file, text }) =>
    name === "flock" && file === LOCK_NAME && text.includes("LOCK_EX") && text.endsWith(" = 0")
  );
  const released = calls.filter(({ name, file }) => name === "close" && file === LOCK_NAME);
  assert.is(taken.length, 1);
  const using = calls.filter(({ name, file }) =>
    /^(open|p?read|p?write|rename|link|unlink|f(data)?sync)/.test(name) && file !== LOCK_NAME
  );
  assert.ok(using.length > 0);
  // Those before only look who has it.
  assertInOrder([taken, using, released.slice(-1)]);
}

for (const change of [CREATE, REVOKE]) {
  traceTest(`followers hear of a ${change.kind} before it is acknowledged`, async () => {
    using folder = temporaryFolder();
    const keystore = join(await makePlace(folder, true), KEYSTORE_NAME);
    const log = folder.file("trace");
    await using daemon = await startCountable(keystore, folder.file("sock"));
    using followers = new DisposableStack();
    for (let count = 0; count < 3; count++) {
      await followers.use(await openEvents(daemon.socket)).atLeast(1);
    }
    {
      const options = ["--trace=write,writev,sendmsg", "--string-limit=200"];
      await using _ = await attach(daemon.pid, ["--follow-forks", ...options, `--output=${log}`]);
      assert.is(toldByDaemon(await ask(daemon.socket, change)).result, "done");
    }
    const calls = readTrace(log);
    const told = calls.filter(({ text }) => /event: (created|revoked)/.test(text));
    assert.is(told.length, 3);
    assertInOrder([told, [findAcknowledgement(log)]]);
  });
}

requiring(test, "linux", "root", "strace", "flock")(
  "a command touches nothing as long as another process has the lock",
  async () => {
    using folder = temporaryFolder();
    const keystore = await makeKeystore(placeAt(folder.file("keystore")).folder);
    const before = readFileSync(keystore);
    await using holder = await holdLock(`${keystore}.lock`);
    const log = folder.file("trace");
    const command = [...COMMAND, "create", "new", "--keystore", keystore];
    let ended = false;
    const options = [...STRACE, "--quiet=all", "--trace=flock", `--output=${log}`];
    const running = execute(["strace", ...options, ...command]).finally(() => ended = true);
    while (!ended && countRefusals(log) < 3) await sleep(5);
    assert.not(ended, "it waits");
    assert.ok(readFileSync(keystore).equals(before));
    assert.equal(strays(folder.file("keystore")), []);
    holder.release();
    const { status, stderr } = await running;
    assert.equal([status, stderr], [0, ""]);
    assert.not(readFileSync(keystore).equals(before));
  },
);

/** Holds a lock from another process, to the end of the block at the latest. */
async function holdLock(path: string): Promise<AsyncDisposable & { release(): void }> {
  const argv = [path, "sh", "-c", "echo held && exec cat"];
  const { stdin, stdout } = spawn("flock", argv, { stdio: ["pipe", "pipe", "inherit"] });
  const released = once(stdout, "close");
  await once(stdout, "data");
  return {
    release: () => stdin.end(),
    async [Symbol.asyncDispose]() {
      stdin.end();
      await released;
    },
  };
}

function countRefusals(log: string): number {
  return existsSync(log) ? readFileSync(log, "utf8").split("EAGAIN").length - 1 : 0;
}

test.run();
