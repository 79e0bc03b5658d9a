// A daemon in which each system call on the keystore's folder fails in turn, and which goes on; and
// one that is killed at each.
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setUpWith } from "../interop/setup.ts";
import type { Daemon } from "../support/daemon.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import type { Answer } from "../support/http.ts";
import { requiring } from "../support/requirements.ts";
import {
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { attach } from "./attach.ts";
import { fileCalls } from "./calls.ts";
import { assertEverySurvived } from "./every_one.ts";
import { everyFault, type Fault, isKill, withoutRecord } from "./faults.ts";
import { strike, tracing } from "./injection.ts";
import { type Change, readState, type State } from "./keystore_state.ts";
import {
  IS_CONFINED,
  LOCK_NAME,
  makeKeystore,
  placeAt,
  restoreFolder,
  saveFolder,
  strays,
} from "./place.ts";
import { IS_WHOLE } from "../support/extent.ts";
import { ask, assertListed, startCountable } from "./served.ts";
import { assertTrue, toldByDaemon } from "./told.ts";

const BENCHES = 2;

let tool: JavaTool;
test.before(setUpWith(["javac"], async () => void (tool = await startJavaTool())));
test.after(() => tool?.close());

/** A folder, and a daemon on it for as long as it lives; then the next one. */
class Bench {
  readonly folder: string;
  readonly log: string;
  readonly #socket: string;
  readonly #files: ReturnType<typeof saveFolder>;
  #initial: State | undefined;
  #daemon: Daemon | undefined;

  constructor(folder: TemporaryFolder, name: string) {
    this.folder = folder.file(name);
    this.log = folder.file(`${name}.trace`);
    this.#socket = folder.file(`${name}.sock`);
    this.#files = saveFolder(this.folder);
  }

  async daemon(): Promise<Daemon> {
    if (this.#daemon !== undefined) return this.#daemon;
    const daemon = await startCountable(join(this.folder, KEYSTORE_NAME), this.#socket);
    // Should it end where it must not, that is one failure and not one of all that follows.
    daemon.ended.then(() => this.#daemon = undefined);
    return this.#daemon = daemon;
  }

  /** @returns the state that a running daemon finds in the place of any other */
  async reset(): Promise<State> {
    const isEmpty = !this.#files.some(({ name }) => name === KEYSTORE_NAME);
    // To take a keystore away from under a daemon is another fault.
    if (isEmpty) await this.#daemon?.[Symbol.asyncDispose]();
    this.#restore();
    if (!isEmpty && this.#daemon === undefined) {
      // A daemon's first change is unlike all others: it clears away what another one has left.
      for (const kind of ["create", "revoke"] as const) await this.ask({ kind, alias: "warm-up" });
      this.#restore();
    }
    return this.#initial = await this.look(this.#initial);
  }

  #restore(): void {
    restoreFolder(this.folder, this.#files, LOCK_NAME);
  }

  look(earlier?: State): Promise<State> {
    return readState(tool, this.folder, earlier);
  }

  /** @returns undefined where the daemon is gone, or has to go as it does not answer */
  async ask(change: Change, options?: readonly string[]): Promise<Answer | undefined> {
    const daemon = await this.daemon();
    await using stack = new AsyncDisposableStack();
    if (options !== undefined) stack.use(await attach(daemon.pid, options));
    const answer = await ask(this.#socket, change);
    if (answer === undefined || answer.status === 0) await daemon[Symbol.asyncDispose]();
    return answer;
  }

  async assertAgrees(state: State): Promise<void> {
    await assertListed((await this.daemon()).socket, state);
  }

  async [Symbol.asyncDispose]() {
    await this.#daemon?.[Symbol.asyncDispose]();
  }
}

interface Row {
  readonly about: string;
  readonly change: Change;
  /** Whether there is a keystore before. */
  readonly existing: boolean;
  /** Fewer would mean that calls were overlooked. */
  readonly least: { readonly faults: number; readonly kills: number };
}

const RECORDED: Change = { kind: "create", alias: "new" };

const ROWS: readonly Row[] = [
  {
    about: "a create",
    change: RECORDED,
    existing: true,
    least: { faults: 45, kills: 10 },
  },
  {
    about: "a revoke",
    change: { kind: "revoke", alias: "mcp-openai" },
    existing: true,
    least: { faults: 45, kills: 10 },
  },
  {
    about: "the first create",
    change: { kind: "create", alias: "new" },
    existing: false,
    least: { faults: 60, kills: 15 },
  },
];

const faultTest = requiring(test, "linux", "root", "strace", "javac");

// What a unit keeps from a daemon it keeps from every change.
const tried = IS_CONFINED && !IS_WHOLE ? ROWS.slice(0, 1) : ROWS;

for (const { about, change, existing, least } of tried) {
  faultTest(`every call of ${about} by a daemon may fail, or be the last`, async () => {
    using folder = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const benches: Bench[] = [];
    for (let i = 0; i < BENCHES; i++) {
      const place = placeAt(folder.file(`bench-${i}`));
      if (existing) await makeKeystore(place.folder);
      benches.push(stack.use(new Bench(folder, `bench-${i}`)));
    }
    const [bench] = benches as [Bench];
    const faults = await findFaults(bench, change);
    await assertEverySurvived({
      about: `${about} by a daemon`,
      faults: change === RECORDED ? faults : withoutRecord(faults),
      least,
      benches,
      assertSurvives: (fault, bench) => assertSurvives(fault, change, bench),
    });
  });
}

async function findFaults(bench: Bench, change: Change): Promise<Fault[]> {
  const before = await bench.reset();
  const answer = await bench.ask(change, ["--follow-forks", ...tracing(bench.log)]);
  assertTrue(toldByDaemon(answer), change, before, await bench.look(before));
  return everyFault(fileCalls(bench.log, bench.folder), KEYSTORE_NAME);
}

async function assertSurvives(fault: Fault, change: Change, bench: Bench): Promise<void> {
  const { folder, log } = bench;
  let before: State | undefined;
  // Of all threads, only that of fsync(2) makes no other calls of the same name.
  const threads = /^f(data)?sync$/.test(fault.call.name) ? ["--follow-forks"] : [];
  const answer = await strike({ fault, folder, log }, async (options) => {
    before = await bench.reset();
    return await bench.ask(change, [...threads, ...options]);
  });
  assert.ok(before);
  const after = await bench.look(before);
  assertTrue(toldByDaemon(answer), change, before as State, after, fault);
  if (!isKill(fault)) assert.equal(strays(folder), [], "nothing half-made is left");
  await bench.assertAgrees(after);
  const next: Change = { kind: "create", alias: "after" };
  const later = toldByDaemon(await bench.ask(next));
  const last = await bench.look(after);
  assert.is(later.result, "done", later.text);
  assertTrue(later, next, after, last);
  await bench.assertAgrees(last);
  assert.equal(strays(folder), [], "what was left is cleared away");
}

test.run();
