/**
 * npm test: the whole suite on Deno, and on Node, where what drives the command drives the executable.
 * The last line is always `N passed, N failed, N skipped`, over all runs.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { execute } from "./execute.ts";
import { isStale } from "./freshness.ts";
import { nodePath, ROOT } from "./runtimes.ts";
import { EXECUTABLE, planRuns, RUN_NAMES } from "./suite.ts";
import type { Run } from "./suite.ts";
import { judge } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

const USAGE =
  "usage: npm test [-- [--only node|deno|dist] [--timeout SECONDS] [--whole] [SUBSTRING…]]";

/** Named so, a file runs while no other one does: it measures time, or takes the machine's state. */
const ALONE = ".alone.test.ts";

/** Named so, a file mostly waits for time to pass, and runs beside what others there are. */
const WAITING = ".waiting.test.ts";

/** What test/support/measured.ts prints. */
const MEASURED = /^# measured: .*$/gm;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopping.abort();
    process.exit(130);
  });
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readArguments();
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const runs = planRuns(options.only, options.substrings);
  const verdicts: Verdict[] = [];
  for (const run of runs) {
    if (run.files.length > 0) verdicts.push(...await perform(run, options));
    // A substring may well match nothing in one run; a run that is empty by itself is a mistake.
    else if (options.substrings.length === 0) verdicts.push(failure(run, "no test files"));
  }
  if (verdicts.length === 0) verdicts.push(failure(undefined, "no test file matches"));
  return report(verdicts);
}

type Options = NonNullable<ReturnType<typeof readArguments>>;

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        only: { type: "string" },
        timeout: { type: "string", default: "300" },
        whole: { type: "boolean", default: false },
      },
    });
    const only = RUN_NAMES.filter((name) => values.only === undefined || values.only === name);
    const timeoutMs = Number(values.timeout) * 1_000;
    if (only.length === 0 || !(timeoutMs > 0)) return undefined;
    return { only, timeoutMs, whole: values.whole, substrings: positionals };
  } catch {
    return undefined;
  }
}

async function perform(run: Run, options: Options): Promise<Verdict[]> {
  if (run.name === "dist") {
    const problem = await buildWhenStale();
    if (problem !== undefined) return [failure(run, problem)];
  }
  const verdicts: Verdict[] = [];
  const alone = run.files.filter((file) => file.endsWith(ALONE));
  const waiting = run.files.filter((file) => file.endsWith(WAITING));
  // Backwards: what takes longest is in folders late in the alphabet, and would be waited for in the end.
  const together = run.files.toReversed()
    .filter((file) => !alone.includes(file) && !waiting.includes(file));
  const work = async (queue: string[]) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      verdicts.push(await runFile(run, file, options));
    }
  };
  // One more than keep two processors busy, as most of them wait now and then; not more, however many
  // there are, so that those that wait for a moment to pass stay calm.
  const places = Math.min(2, availableParallelism()) + 1;
  await Promise.all([work(waiting), ...Array.from({ length: places }, () => work(together))]);
  await work(alone);
  return verdicts;
}

async function runFile(
  run: Run,
  file: string,
  { timeoutMs, whole }: Options,
): Promise<Verdict> {
  const env = {
    ...cleanEnvironment(),
    APIKEY_TEST_COMMAND: JSON.stringify(run.command),
    // For test/support/extent.ts.
    ...(whole ? { TEST_WHOLE: "1" } : {}),
  };
  const argv = [...run.runner, file];
  const outcome = await execute(argv, { cwd: ROOT, env, timeoutMs, stop: stopping.signal });
  const verdict = judge(outcome);
  const seconds = `${outcome.seconds.toFixed(1)} s`;
  console.log(`${run.name}  ${file.padEnd(52)} ${counts(verdict).padEnd(30)} ${seconds}`);
  for (const [line] of outcome.stdout.matchAll(MEASURED)) console.log(line);
  if (verdict.problem !== undefined) {
    console.log(`${outcome.output.trimEnd()}\n--- ${run.name} ${file}: ${verdict.problem}\n`);
  }
  return verdict;
}

/** What a developer has set for their own use must not change what the tests see. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(APIKEY_|NODE_OPTIONS$|FORCE_COLOR$)/;
  const entries = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1" };
}

async function buildWhenStale(): Promise<string | undefined> {
  const sources = ["src", "scripts", "package.json", "package-lock.json"];
  if (!isStale(ROOT, EXECUTABLE, sources)) return undefined;
  const argv = [nodePath(), "scripts/build.ts"];
  const { status, output } = await execute(argv, { cwd: ROOT, stop: stopping.signal });
  console.log(output.trimEnd());
  return status === 0 ? undefined : "the build failed";
}

function failure(run: Run | undefined, problem: string): Verdict {
  console.log(run === undefined ? problem : `${run.name}  ${problem}`);
  return { passed: 0, failed: 1, skipped: 0, reasons: [], problem };
}

function report(verdicts: readonly Verdict[]): number {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const reasons: string[] = [];
  for (const verdict of verdicts) {
    sum.passed += verdict.passed;
    sum.failed += verdict.failed;
    sum.skipped += verdict.skipped;
    const unexplained = Math.max(verdict.skipped - verdict.reasons.length, 0);
    reasons.push(...verdict.reasons, ...Array<string>(unexplained).fill("no reason given"));
  }
  console.log();
  for (const [reason, skips] of Map.groupBy(reasons, (reason) => reason)) {
    console.log(`skipped: ${reason} (${skips.length})`);
  }
  const strict = process.env["CI"] === "true" && sum.skipped > 0;
  if (strict) console.log("a skipped test is a failure where CI=true");
  console.log(counts(sum));
  return sum.failed > 0 || strict ? 1 : 0;
}

function counts(sum: Pick<Verdict, "passed" | "failed" | "skipped">): string {
  return `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`;
}
