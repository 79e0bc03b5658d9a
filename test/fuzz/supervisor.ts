import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { MAX_CASE_MS } from "./limits.ts";
import { addReport, emptyReport, type Report } from "./report.ts";
import type { Batch } from "./worker.ts";

export interface FuzzOptions {
  /** The program that reads a batch; tests of this file have others than worker.ts. */
  readonly worker?: string;
  readonly progress?: (done: number) => void;
}

/** So many cases a process: what they leave behind in memory is not the reader's. */
const BATCH_CASES = 5_000;
const START_MS = 60_000;
const WATCH_MS = 100;
const MAX_ERROR_CHARS = 2_000;
const WORKER = join(import.meta.dirname, "worker.ts");
/** Megabytes: garbage is not left lying about, so that what shows is what the reader holds. */
const HEAP = ["--max-semi-space-size=4", "--max-old-space-size=96"];
const RUNNER = process.versions["deno"] === undefined
  ? ["--disable-warning=ExperimentalWarning", ...HEAP]
  : ["run", "--allow-all", `--v8-flags=${HEAP.join(",")}`];

/** Where a process was when it ended. */
interface Ending {
  /** undefined for one that did not finish its batch */
  readonly report: Report | undefined;
  /** The case being read, if it got that far. */
  readonly at: number | undefined;
  readonly hung: boolean;
  readonly errors: string;
}

/**
 * Reads cases in processes of their own, one after the other. One that does not come to the next
 * case within {@link MAX_CASE_MS} is killed, and one that dies is a failure of the case it was at.
 */
export async function fuzz(batch: Batch, options: FuzzOptions = {}): Promise<Report> {
  const { seed, from, to } = batch;
  const worker = options.worker ?? WORKER;
  const sum = emptyReport();
  for (let next = from; next < to;) {
    const until = Math.min(next + BATCH_CASES, to);
    const ending = await run(worker, { seed, from: next, to: until });
    if (ending.report !== undefined) addReport(sum, ending.report);
    else await addFailure(sum, worker, seed, ending, next);
    // What came before a failure in its batch is not counted.
    next = ending.report !== undefined || ending.at === undefined ? until : ending.at + 1;
    options.progress?.(next - from);
  }
  return sum;
}

async function addFailure(
  sum: Report,
  worker: string,
  seed: number,
  { at, hung, errors }: Ending,
  first: number,
): Promise<void> {
  if (at === undefined || !hung) {
    sum.failures.push({ case: at ?? first, problem: `the process ended: ${errors}` });
    return;
  }
  // It may have been the machine that was busy.
  const again = await run(worker, { seed, from: at, to: at + 1 });
  if (again.report !== undefined) addReport(sum, again.report);
  else sum.failures.push({ case: at, problem: "it does not come to an end" });
}

function run(worker: string, batch: Batch): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const child = spawn(process.execPath, [...RUNNER, worker, JSON.stringify(batch)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const state: { -readonly [K in keyof Ending]: Ending[K] } = {
    report: undefined,
    at: undefined,
    hung: false,
    errors: "",
  };
  let deadline = performance.now() + START_MS;
  onLine(child, (line) => {
    if (line.startsWith("report ")) state.report = JSON.parse(line.slice(7));
    else state.at = Number(line.slice(5));
    deadline = performance.now() + MAX_CASE_MS;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    state.errors = (state.errors + text).slice(-MAX_ERROR_CHARS);
  });
  const watch = () => {
    if (performance.now() < deadline || child.pid === undefined) return;
    state.hung = true;
    process.kill(child.pid, "SIGKILL");
  };
  // Lines that have come in meanwhile are read first.
  const watchdog = setInterval(() => setImmediate(watch), WATCH_MS);
  child.once("close", () => {
    clearInterval(watchdog);
    resolve(state);
  });
  return promise;
}

function onLine(child: ChildProcess, take: (line: string) => void): void {
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
}
