// Commands in process, with each of their system calls on the keystore's folder failing in turn,
// and each being the last before the process is killed.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { verifyAuditLog } from "../../src/model/audit_chain.ts";
import { parseAuditHead } from "../../src/model/audit_head.ts";
import { setUpWith } from "../interop/setup.ts";
import { COMMAND } from "../support/command.ts";
import { execute, type Outcome } from "../support/execute.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import {
  AUDIT_LOG_NAME,
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { fileCalls } from "./calls.ts";
import { assertEverySurvived } from "./every_one.ts";
import { everyFault, type Fault, isKill, withoutRecord } from "./faults.ts";
import { strike, tracing } from "./injection.ts";
import { type Change, readState, type State } from "./keystore_state.ts";
import {
  describeFolder,
  LOCK_NAME,
  makeKeystore,
  namesIn,
  type Place,
  placeAt,
  restoreFolder,
  saveFolder,
  strays,
} from "./place.ts";
import { assertTrue, toldByCommand } from "./told.ts";

/** The pool's one thread makes every call that is made in a thread, so that they can be counted. */
const ENVIRONMENT = { UV_THREADPOOL_SIZE: "1" };
const STRACE = ["strace", "--quiet=all", "--follow-forks"];
const BENCHES = 2;
const STALE = `.${KEYSTORE_NAME}.0123456789abcdef.tmp`;

let tool: JavaTool;
test.before(setUpWith(["javac"], async () => void (tool = await startJavaTool())));
test.after(() => tool?.close());

/** A place to run commands in, and to start over in. */
interface Bench extends AsyncDisposable {
  readonly place: Place;
  /** What all names in a trace are relative to. */
  readonly root: string;
  readonly log: string;
  readonly options: readonly string[];
  reset(): void;
}

interface Scenario {
  readonly change: Change;
  readonly about: string;
  readonly open: (folder: TemporaryFolder, name: string) => Promise<Bench>;
  /** Fewer would mean that calls were overlooked. */
  readonly least: { readonly faults: number; readonly kills: number };
}

const RECORDED: Change = { kind: "create", alias: "new" };

const SCENARIOS: readonly Scenario[] = [
  {
    change: RECORDED,
    about: "of a key, past the remains of a killed one",
    open: (folder, name) =>
      openExisting(folder, name, (path) => {
        rmSync(join(path, LOCK_NAME));
        writeFileSync(join(path, STALE), "remains");
      }),
    least: { faults: 70, kills: 15 },
  },
  {
    change: { kind: "revoke", alias: "mcp-openai" },
    about: "of a key",
    open: openExisting,
    least: { faults: 65, kills: 15 },
  },
  {
    change: { kind: "create", alias: "first" },
    about: "of the first key, in the folder that it makes",
    open: openDefault,
    least: { faults: 100, kills: 20 },
  },
];

async function openExisting(
  folder: TemporaryFolder,
  name: string,
  prepare: (folder: string) => void = () => undefined,
): Promise<Bench> {
  const place = placeAt(folder.file(name));
  const keystore = await makeKeystore(place.folder);
  prepare(place.folder);
  const files = saveFolder(place.folder);
  return {
    place,
    root: place.folder,
    log: folder.file(`${name}.trace`),
    options: ["--keystore", keystore],
    reset: () => restoreFolder(place.folder, files),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The folder of a machine on which there has never been a keystore. */
async function openDefault(folder: TemporaryFolder, name: string): Promise<Bench> {
  const root = "/var/lib/metricshub";
  const script = `mount -t tmpfs tmpfs ${dirname(root)} && mount -t tmpfs tmpfs /run`;
  const host = await mountNamespace(script);
  const at = `${root}/security`;
  return {
    place: { folder: at, outside: host.outside(at), enter: (argv) => host.enter(argv) },
    root,
    log: folder.file(`${name}.trace`),
    options: [],
    reset: () => rmSync(host.outside(root), { recursive: true, force: true }),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

const faultTest = requiring(test, "linux", "root", "mount", "strace", "javac");

for (const { change, about, open, least } of SCENARIOS) {
  faultTest(`every call of a ${change.kind} ${about} may fail, or be the last`, async () => {
    using folder = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const benches: Bench[] = [];
    for (let i = 0; i < BENCHES; i++) {
      benches.push(stack.use(await open(folder, `bench-${i}`)));
    }
    const [bench] = benches as [Bench];
    const faults = await findFaults(bench, change);
    await assertEverySurvived({
      about: `${change.kind} ${about}`,
      faults: change === RECORDED ? faults : withoutRecord(faults),
      least,
      benches,
      assertSurvives: (fault, bench) => assertSurvives(fault, change, bench),
    });
  });
}

const initial = new WeakMap<Bench, State>();

/** @returns the state to which everything has been reset */
async function start(bench: Bench): Promise<State> {
  bench.reset();
  const state = await readState(tool, bench.place.outside, initial.get(bench));
  initial.set(bench, state);
  return state;
}

async function findFaults(bench: Bench, change: Change): Promise<Fault[]> {
  const before = await start(bench);
  const outcome = await run(bench, change, [...STRACE, ...tracing(bench.log)]);
  const after = await readState(tool, bench.place.outside, before);
  assertTrue(toldByCommand(outcome), change, before, after);
  assert.equal(strays(bench.place.outside), []);
  return everyFault(fileCalls(bench.log, bench.root), KEYSTORE_NAME);
}

async function assertSurvives(fault: Fault, change: Change, bench: Bench): Promise<void> {
  const { root: folder, log, place } = bench;
  let before: State | undefined;
  let remains: string[] = [];
  const outcome = await strike({ fault, folder, log }, async (options) => {
    before = await start(bench);
    remains = strays(place.outside);
    // Under --seccomp-bpf, which is faster, strace 6.1 delivers no signals.
    const faster = isKill(fault) ? [] : ["--seccomp-bpf"];
    return await run(bench, change, [...STRACE, ...faster, ...options]);
  });
  assert.ok(before);
  const after = await readState(tool, place.outside, before);
  assertTrue(toldByCommand(outcome), change, before as State, after, fault);
  const added = strays(place.outside).filter((name) => !remains.includes(name));
  if (!isKill(fault)) assert.equal(added, [], "nothing half-made is left");
  if (!isKill(fault)) await assertLogIntact(place.outside);
  await assertGoesOn(bench, after);
}

/** Folders on which the next command has worked. */
const known = new Set<string>();

/** The next command works, and clears away what was left. */
async function assertGoesOn(bench: Bench, before: State): Promise<void> {
  const found = describeFolder(bench.place.outside);
  if (known.has(found)) return;
  const change: Change = { kind: "create", alias: "after" };
  const outcome = await run(bench, change);
  const after = await readState(tool, bench.place.outside, before);
  assertTrue(toldByCommand(outcome), change, before, after);
  assert.equal(strays(bench.place.outside), [], "what was left is cleared away");
  await assertLogIntact(bench.place.outside);
  known.add(found);
}

/** Whatever has become of records, those that are there are a chain, to its end. */
async function assertLogIntact(folder: string): Promise<void> {
  if (!namesIn(folder).includes(AUDIT_LOG_NAME)) return;
  const log = readFileSync(join(folder, AUDIT_LOG_NAME), "utf8");
  const head = namesIn(folder).includes(`${AUDIT_LOG_NAME}.head`)
    ? parseAuditHead(readFileSync(join(folder, `${AUDIT_LOG_NAME}.head`), "utf8"))
    : undefined;
  async function* lines() {
    for (const text of log.split("\n").slice(0, -1)) {
      yield await Promise.resolve({ text, isWhole: true });
    }
  }
  const { finding } = await verifyAuditLog(lines(), { trusted: [], first: 1, head });
  assert.is(finding, undefined);
  assert.ok(log.endsWith("\n"));
}

function run(
  { place, options }: Bench,
  { kind, alias }: Change,
  tracer: readonly string[] = [],
): Promise<Outcome> {
  const argv = [...tracer, ...COMMAND, kind, alias, ...options];
  return execute(place.enter(argv), { env: ENVIRONMENT });
}

test.run();
