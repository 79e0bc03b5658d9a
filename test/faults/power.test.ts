// The power fails: what the kernel had not written yet is gone, and what was acknowledged is not.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setUpWith } from "../interop/setup.ts";
import { COMMAND } from "../support/command.ts";
import { execute, type Outcome } from "../support/execute.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { fileCalls } from "./calls.ts";
import { describeFault, everyFault, type Fault, isKill } from "./faults.ts";
import { inTurns } from "./in_turns.ts";
import { strike, tracing } from "./injection.ts";
import { assertChanged, type Change, readState, type State } from "./keystore_state.ts";
import { type LoopDisk, loopDisk } from "./loop_disk.ts";
import { makeKeystore, placeAt, restoreFolder, saveFolder, strays } from "./place.ts";
import { ask, assertListed, startCountable } from "./served.ts";
import { assertTrue, toldByCommand, toldByDaemon } from "./told.ts";

const BENCHES = 2;
const STRACE = ["strace", "--quiet=all", "--follow-forks"];

let tool: JavaTool;
test.before(setUpWith(["javac"], async () => void (tool = await startJavaTool())));
test.after(() => tool?.close());

/** A disk that holds one folder with a keystore, and another that is empty. */
class Bench {
  readonly log: string;
  readonly disk: LoopDisk;
  readonly #name: string;
  #initial: State | undefined;

  constructor(disk: LoopDisk, name: string, log: string) {
    this.disk = disk;
    this.#name = name;
    this.log = log;
  }

  get folder(): string {
    return join(this.disk.folder, this.#name);
  }

  get keystore(): string {
    return join(this.folder, KEYSTORE_NAME);
  }

  async reset(): Promise<State> {
    await this.disk.restore();
    return this.#initial = await this.look(this.#initial);
  }

  look(earlier?: State): Promise<State> {
    return readState(tool, join(this.disk.outside, this.#name), earlier);
  }

  run({ kind, alias }: Change, tracer: readonly string[] = []): Promise<Outcome> {
    const argv = [...tracer, ...COMMAND, kind, alias, "--keystore", this.keystore];
    return execute(this.disk.enter(argv), { env: { UV_THREADPOOL_SIZE: "1" } });
  }

  async cutPower(): Promise<void> {
    await this.disk.cut();
    await this.disk.recover();
  }

  strays(): string[] {
    return strays(join(this.disk.outside, this.#name));
  }

  [Symbol.asyncDispose]() {
    return this.disk[Symbol.asyncDispose]();
  }
}

async function openBench(folder: TemporaryFolder, on: string, name: string): Promise<Bench> {
  const { folder: made } = placeAt(folder.file(`${name}-made`));
  await makeKeystore(made);
  const backing = folder.file(name);
  mkdirSync(backing);
  const disk = await loopDisk(backing);
  for (const part of ["used", "empty"]) mkdirSync(join(disk.outside, part));
  restoreFolder(join(disk.outside, "used"), saveFolder(made));
  await disk.keep();
  return new Bench(disk, on, folder.file(`${name}.trace`));
}

interface Row {
  readonly about: string;
  readonly change: Change;
  readonly on: "used" | "empty";
  readonly leastKills: number;
}

const ROWS: readonly Row[] = [
  { about: "a create", change: { kind: "create", alias: "new" }, on: "used", leastKills: 4 },
  { about: "a revoke", change: { kind: "revoke", alias: "mcp-openai" }, on: "used", leastKills: 4 },
  { about: "the first create", change: { kind: "create", alias: "x" }, on: "empty", leastKills: 8 },
];

const diskTest = requiring(test, "linux", "root", "mount", "loop", "strace", "javac");

for (const { about, change, on, leastKills } of ROWS) {
  diskTest(`the power fails at every step of ${about}, and after it`, async () => {
    using folder = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const benches: Bench[] = [];
    for (let i = 0; i < BENCHES; i++) {
      benches.push(stack.use(await openBench(folder, on, `bench-${i}`)));
    }
    const [bench] = benches as [Bench];
    const kills = await findKills(bench, change);
    const problems = await inTurns(
      kills,
      benches,
      describeFault,
      (fault, bench) => assertSurvives(fault, change, bench),
    );
    measured(`${about}: ${kills.length} kills and power cuts`);
    assert.equal(problems, []);
    assert.ok(kills.length >= leastKills, "all were found");
  });
}

/** What was acknowledged is there after a cut; on the way, the steps that change the disk. */
async function findKills(bench: Bench, change: Change): Promise<Fault[]> {
  const before = await bench.reset();
  const told = toldByCommand(await bench.run(change, [...STRACE, ...tracing(bench.log)]));
  const calls = fileCalls(bench.log, bench.folder);
  await bench.cutPower();
  assertTrue(told, change, before, await bench.look(before));
  assert.is(told.result, "done");
  return everyFault(calls, KEYSTORE_NAME).filter((fault) =>
    isKill(fault) && /^(write|f(data)?sync|rename|link|unlink)/.test(fault.call.name)
  );
}

async function assertSurvives(fault: Fault, change: Change, bench: Bench): Promise<void> {
  const { folder, log } = bench;
  let before: State | undefined;
  const outcome = await strike({ fault, folder, log }, async (options) => {
    before = await bench.reset();
    return await bench.run(change, [...STRACE, ...options]);
  });
  await bench.cutPower();
  assert.ok(before);
  const after = await bench.look(before);
  assertTrue(toldByCommand(outcome), change, before as State, after, fault);
  const next: Change = { kind: "create", alias: "after" };
  const later = toldByCommand(await bench.run(next));
  assert.is(later.result, "done", later.text);
  assertTrue(later, next, after, await bench.look(after));
  assert.equal(bench.strays(), [], "what was left is cleared away");
}

diskTest("what a daemon has acknowledged is there when the power fails at once", async () => {
  using folder = temporaryFolder();
  await using bench = await openBench(folder, "used", "bench");
  let before = await bench.reset();
  const changes = ROWS.slice(0, 2).map(({ change }) => change);
  for (const change of changes) {
    {
      const socket = folder.file("apikey.sock");
      await using daemon = await startCountable(bench.keystore, socket, bench.disk.enter);
      await assertListed(daemon.socket, before);
      const told = toldByDaemon(await ask(socket, change));
      assert.is(told.result, "done", told.text);
      await bench.disk.cut();
    }
    await bench.disk.recover();
    const after = await bench.look(before);
    assertChanged(before, after, change);
    before = after;
  }
});

diskTest("the disk of these tests does lose what was not synced", async () => {
  using folder = temporaryFolder();
  await using bench = await openBench(folder, "used", "bench");
  const file = join(bench.disk.outside, "file");
  await bench.disk.do('echo text >"$disk/file"');
  assert.ok(existsSync(file));
  await bench.cutPower();
  assert.not(existsSync(file));
  await bench.disk.do('echo text >"$disk/file"; sync "$disk/file"');
  await bench.cutPower();
  assert.ok(existsSync(file));
});

test.run();
