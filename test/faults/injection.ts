import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readTrace, type SystemCall } from "../support/strace.ts";
import { type FileCall, fileCalls, isRandom } from "./calls.ts";
import { describeFault, type Fault, isKill } from "./faults.ts";

/** strace's options for a log that {@link fileCalls} reads. */
export function tracing(log: string): string[] {
  return ["--decode-fds=path", "--string-limit=0", "--signal=none", `--output=${log}`];
}

/** Where a fault is to strike. */
export interface Target {
  readonly fault: Fault;
  /** The one that the fault's files are in, as the traced program sees it. */
  readonly folder: string;
  readonly log: string;
}

const MAX_ATTEMPTS = 60;

/**
 * Repeats a program under strace until the fault strikes where it is meant to.
 *
 * A program makes calls of its own between those on its files, now more, now less. strace can tell
 * them apart by a file's name, though not by a random one, nor by the second of two: there the right
 * call has to be guessed, ever better.
 *
 * @param attempt runs the program, on a fresh copy of everything, with these options of strace
 * @returns what the struck one came to
 */
export async function strike<T>(
  target: Target,
  attempt: (options: readonly string[]) => Promise<T>,
): Promise<T> {
  const { call } = target.fault;
  let index = isTellable(call) ? call.ordinal : call.index;
  for (let count = 0; count < MAX_ATTEMPTS; count++) {
    rmSync(target.log, { force: true });
    const result = await attempt([...tracing(target.log), ...injecting(target, index)]);
    const met = findMet(target);
    if (met !== undefined && hasStruck(target, met)) return result;
    if (isTellable(call)) continue;
    // What was struck instead came before, or else the program would not have got there; where
    // nothing was, it turned back by itself. The next time may differ from this one just as this one
    // did from the last: hence by chance.
    if (Math.random() < 0.3) continue;
    index = met?.index ?? (isKill(target.fault) || struckCalls(target).length > 0 ? index + 1 : 1);
  }
  throw new Error(`no way to strike ${describeFault(target.fault)}`);
}

function injecting({ fault, folder }: Target, index: number): string[] {
  const { call, effect } = fault;
  const what = isKill(fault) ? `signal=${effect}` : `error=${effect}`;
  return [
    `--trace=${call.name}`,
    ...(isTellable(call) ? [`--trace-path=${join(folder, call.file)}`] : []),
    `--inject=${call.name}:${what}:when=${index}`,
  ];
}

function isTellable({ files: [file = "", second] }: FileCall): boolean {
  return second === undefined && !isRandom(file);
}

/** The call that was meant, if the program got there. */
function findMet({ fault, folder, log }: Target): FileCall | undefined {
  const { name, file, ordinal } = fault.call;
  const calls = existsSync(log) ? fileCalls(log, folder) : [];
  return calls.filter((call) => call.name === name && call.file === file)
    .find((call) => call.ordinal === ordinal);
}

function hasStruck({ fault, log }: Target, met: FileCall): boolean {
  // A killed program's last call has no result.
  if (isKill(fault)) return !/ = -?(0x)?\d/.test(met.text);
  const struck = struckCalls({ log });
  return struck.length === 1 && struck[0]?.text === met.text;
}

function struckCalls({ log }: Pick<Target, "log">): SystemCall[] {
  const calls = existsSync(log) ? readTrace(log) : [];
  return calls.filter(({ text }) => text.includes("(INJECTED)"));
}
