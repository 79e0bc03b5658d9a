/**
 * Reads the cases of one batch. It says on standard output which case it is about to read, so that
 * whoever started it knows where it stopped.
 *
 *     worker.ts '{"seed":1,"from":0,"to":1000}'
 */
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { systemErrorCode } from "../../src/errors.ts";
import { makeCase } from "./case.ts";
import { MAX_CASE_MS, MAX_RSS_BYTES } from "./limits.ts";
import { assertChangeable, assertRoundTrip, read } from "./reader.ts";
import { emptyReport } from "./report.ts";
import { corpusNames, readSeed } from "./seed.ts";

export interface Batch {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** Every how many cases the API keys are revoked, and the memory looked at. */
const SOMETIMES = 16;
const LARGE_BYTES = 64 * 1024;

const batch: Batch = JSON.parse(process.argv[2] ?? "");
const report = emptyReport();
const reasons = new Set<string>();
let current = batch.from;

process.on("unhandledRejection", (reason) => fail(`unhandled rejection: ${describe(reason)}`));

const seeds = corpusNames().map(readSeed);
for (current = batch.from; current < batch.to; current++) {
  const { bytes } = makeCase(seeds, batch.seed, current);
  say(`case ${current}`);
  await readOne(bytes);
  if (current % SOMETIMES === 0 || bytes.length > LARGE_BYTES) watchMemory();
}
watchMemory();
report.reasons = [...reasons];
say(`report ${JSON.stringify(report)}`);

/** At once, whatever comes next; the pipe may be full. */
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (systemErrorCode(error) !== "EAGAIN") throw error;
    }
  }
}

async function readOne(bytes: Uint8Array): Promise<void> {
  const startedAtMs = performance.now();
  try {
    const reading = await read(bytes);
    note(performance.now() - startedAtMs);
    count(reading);
    if (reading.kind === "accepted") {
      await assertRoundTrip(reading);
      if (current % SOMETIMES === 0) await assertChangeable(reading);
    }
  } catch (error) {
    fail(describe(error));
  }
  // A rejection that nobody handles is reported before the next case.
  await setImmediate();
  report.cases++;
}

function count(reading: Awaited<ReturnType<typeof read>>): void {
  if (reading.kind === "rejected") {
    reasons.add(`${reading.code}: ${reading.reason}`);
    report.rejected[reading.code] = (report.rejected[reading.code] ?? 0) + 1;
    return;
  }
  report.accepted++;
  for (const { lastCharacters } of reading.keys) {
    report.apiKeys[lastCharacters === undefined ? "unreadable" : "opened"]++;
  }
}

function note(ms: number): void {
  if (ms > report.slowest.ms) report.slowest = { case: current, ms };
  if (ms > MAX_CASE_MS) fail(`it took ${ms.toFixed(0)} ms`);
}

function watchMemory(): void {
  const rss = residentPeakBytes();
  if (rss > MAX_RSS_BYTES && report.maxRssBytes <= MAX_RSS_BYTES) {
    fail(`${rss} bytes of memory, by one of the last ${SOMETIMES} cases`);
  }
  report.maxRssBytes = Math.max(report.maxRssBytes, rss);
}

function residentPeakBytes(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ??
      [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux: what there is now has to do.
  }
  return process.memoryUsage().rss;
}

function fail(problem: string): void {
  report.failures.push({ case: current, problem });
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error.message}` : String(error);
}
