import type { Outcome } from "./execute.ts";

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why tests were skipped, as they said it: at most one reason a skipped test. */
  readonly reasons: readonly string[];
  /** What is wrong with the file as a whole; its output is then worth reading. */
  readonly problem?: string;
}

/** How test/support/requirements.ts tells the runner why it skips a test. */
const SKIP_NOTICE = /^# skip: (.*)$/gm;

/**
 * What a finished test file comes to. The counts are uvu's own, but its exit status is not enough:
 * a file that forgets `test.run()`, or a hook that throws, ends with status 0.
 */
export function judge(outcome: Outcome): Verdict {
  const totals = numbers(outcome.stdout, "Total");
  const total = totals.at(-1) ?? 0;
  const passed = numbers(outcome.stdout, "Passed").at(-1) ?? 0;
  const skipped = numbers(outcome.stdout, "Skipped").at(-1) ?? 0;
  const reasons = [...outcome.stdout.matchAll(SKIP_NOTICE)].map((match) => match[1] ?? "");
  const problem = findProblem(outcome, totals.length, total, passed, skipped);
  if (problem === undefined) return { passed, failed: 0, skipped, reasons };
  return { passed, failed: Math.max(total - passed, 1), skipped, reasons, problem };
}

function findProblem(
  outcome: Outcome,
  summaries: number,
  total: number,
  passed: number,
  skipped: number,
): string | undefined {
  if (outcome.timedOut) return `timed out after ${outcome.seconds.toFixed(0)} s`;
  if (summaries === 0) return `no summary (${describeEnd(outcome)})`;
  if (summaries > 1) return `${summaries} summaries: register every test before the first await`;
  if (passed < total) return `${total - passed} of ${total} failed`;
  if (outcome.status !== 0) return `every test passed, but ${describeEnd(outcome)}`;
  if (total + skipped === 0) return "no tests";
  return undefined;
}

function describeEnd(outcome: Outcome): string {
  if (outcome.signal !== null) return outcome.signal;
  return outcome.status === null ? "could not start" : `exit status ${outcome.status}`;
}

function numbers(text: string, label: string): number[] {
  const lines = text.matchAll(new RegExp(`^ {2}${label}: +([0-9]+)$`, "gm"));
  return [...lines].map((match) => Number(match[1]));
}
