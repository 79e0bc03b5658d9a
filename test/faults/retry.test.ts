// After an fsync(2) that failed the kernel takes the data for written, and the next fsync(2) succeeds
// on data that is lost. So whoever tries again has to write everything again, to another file.
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setUpWith } from "../interop/setup.ts";
import { COMMAND } from "../support/command.ts";
import { execute } from "../support/execute.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { readTrace, type SystemCall } from "../support/strace.ts";
import { KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import { attach } from "./attach.ts";
import { tracing } from "./injection.ts";
import { assertChanged, type Change, readState } from "./keystore_state.ts";
import { makeKeystore, type Place, placeAt, strays } from "./place.ts";
import { ask, assertListed, startCountable } from "./served.ts";
import { type Told, toldByCommand, toldByDaemon } from "./told.ts";

const CHANGE: Change = { kind: "create", alias: "new" };

let tool: JavaTool;
test.before(setUpWith(["javac"], async () => void (tool = await startJavaTool())));
test.after(() => tool?.close());

interface Asking {
  readonly place: Place;
  readonly log: string;
  /** How often to ask for the change. */
  readonly times: number;
  /** What goes wrong the first time. */
  readonly faults?: readonly string[];
}

/** What was told, and the calls that it took. */
interface Asked {
  readonly told: readonly Told[];
  readonly calls: readonly SystemCall[];
}

const CALLS = "--trace=openat,/^writev?,fsync,fdatasync,/^rename,/^unlink";

function injecting(faults: readonly string[]): string[] {
  return faults.map((fault) => `--inject=${fault}`);
}

async function askCommands({ place, log, times, faults = [] }: Asking): Promise<Asked> {
  const told: Told[] = [];
  const calls: SystemCall[] = [];
  const keystore = join(place.folder, KEYSTORE_NAME);
  const command = [...COMMAND, CHANGE.kind, CHANGE.alias, "--keystore", keystore];
  const strace = ["strace", "--quiet=all", "--follow-forks", ...tracing(log), CALLS];
  for (let i = 0; i < times; i++) {
    const argv = [...strace, ...(i === 0 ? injecting(faults) : []), ...command];
    told.push(toldByCommand(await execute(place.enter(argv))));
    calls.push(...readTrace(log));
  }
  return { told, calls };
}

async function askDaemon({ place, log, times, faults = [] }: Asking): Promise<Asked> {
  const told: Told[] = [];
  const socket = `${log}.sock`;
  const calls: SystemCall[] = [];
  await using daemon = await startCountable(join(place.folder, KEYSTORE_NAME), socket, place.enter);
  const strace = ["--follow-forks", ...tracing(log), CALLS];
  for (let i = 0; i < times; i++) {
    const options = [...strace, ...(i === 0 ? injecting(faults) : [])];
    {
      await using _ = await attach(daemon.pid, options, place.enter);
      told.push(toldByDaemon(await ask(socket, CHANGE)));
    }
    calls.push(...readTrace(log));
    await assertListed(socket, await readState(tool, place.outside));
  }
  return { told, calls };
}

const WAYS: readonly { readonly way: string; readonly ask: (asking: Asking) => Promise<Asked> }[] =
  [
    { way: "a command", ask: askCommands },
    { way: "a daemon", ask: askDaemon },
  ];

const faultTest = requiring(test, "linux", "root", "strace", "javac");

for (const { way, ask } of WAYS) {
  for (const error of ["EIO", "ENOSPC", "EDQUOT"]) {
    faultTest(`${way} starts over with another file after ${error} of one fsync`, async () => {
      using folder = temporaryFolder();
      const place = placeAt(folder.file("keystore"));
      await makeKeystore(place.folder);
      const before = await readState(tool, place.folder);
      const faults = [`fsync:error=${error}:when=1`];
      const { told, calls } = await ask({ place, log: folder.file("trace"), times: 2, faults });
      assert.equal(told.map(({ result }) => result), ["failed", "done"]);
      const after = await readState(tool, place.folder, before);
      assertChanged(before, after, CHANGE, told[1]?.key);
      assert.equal(strays(place.folder), []);
      const saves = savesIn(calls);
      assert.equal(saves.map(describeSave), [
        "open write fsync-failed unlink",
        "open write fsync rename",
      ]);
      assert.is(bytesWritten(saves[1] ?? []), statSync(join(place.folder, KEYSTORE_NAME)).size);
    });
  }
}

const UNTIDY = [
  { about: "a command that cannot clear up", ask: askCommands, effect: "error=EROFS" },
  { about: "a command killed while it clears up", ask: askCommands, effect: "signal=SIGKILL" },
  { about: "a daemon that cannot clear up", ask: askDaemon, effect: "error=EROFS" },
];

for (const { about, ask, effect } of UNTIDY) {
  const first = effect.startsWith("error") ? "failed" : "nothing";

  faultTest(`what is left by ${about} is gone after the next change`, async () => {
    using folder = temporaryFolder();
    const place = placeAt(folder.file("keystore"));
    await makeKeystore(place.folder);
    const before = await readState(tool, place.folder);
    const log = folder.file("trace");
    const faults = ["fsync:error=EROFS:when=1", `unlink:${effect}`];
    const { told, calls } = await ask({ place, log, times: 2, faults });
    assert.equal(told.map(({ result }) => result), [first, "done"]);
    assert.match(savesIn(calls).map(describeSave)[0] ?? "", /^open write fsync-failed unlink/);
    assertChanged(before, await readState(tool, place.folder, before), CHANGE, told[1]?.key);
    assert.equal(strays(place.folder), []);
  });
}

/** The calls about each temporary file of the keystore. */
function savesIn(calls: readonly SystemCall[]): SystemCall[][] {
  const name = /\.metricshub-keystore\.p12\.([0-9a-f]{16})\.tmp/;
  const about = calls.filter(({ text }) => name.test(text));
  return [...Map.groupBy(about, ({ text }) => name.exec(text)?.[1]).values()];
}

function describeSave(calls: readonly SystemCall[]): string {
  return calls.map(({ name, text }) => {
    const [verb = name] = /^(open|rename|unlink|write)/.exec(name) ?? [];
    return / = -1 /.test(text) ? `${verb}-failed` : verb;
  }).join(" ");
}

function bytesWritten(calls: readonly SystemCall[]): number {
  const writes = calls.filter(({ name }) => name.startsWith("write"));
  return writes.reduce((sum, { text }) => sum + Number(/ = (\d+)$/.exec(text)?.[1]), 0);
}

test.run();
