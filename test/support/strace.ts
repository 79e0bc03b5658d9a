import { readFileSync } from "node:fs";

/** One system call of a trace. */
export interface SystemCall {
  readonly name: string;
  /** The id of the thread that made it; empty where strace followed only one. */
  readonly thread: string;
  /** As strace prints it, arguments and result, file descriptors with their paths. */
  readonly text: string;
  /** Where in the trace it began and ended. */
  readonly startLine: number;
  readonly endLine: number;
}

/** The command line that runs another one and logs those of its system calls. */
export function strace(
  log: string,
  calls: readonly string[],
  argv: readonly string[],
): string[] {
  const form = ["--decode-fds=path", "--string-limit=100000", "--signal=none"];
  return ["strace", "--seccomp-bpf", ...form, ...common(log, calls), ...argv];
}

/**
 * The command line that runs another one in which a system call goes wrong.
 *
 * @param fault as strace takes it: `fsync:error=EIO:when=1`, counted per thread
 */
export function straceFault(fault: string, argv: readonly string[]): string[] {
  // Without --seccomp-bpf, under which strace 6.1 delivers no signals.
  const [call = ""] = fault.split(":", 1);
  return ["strace", ...common("/dev/null", [call]), `--inject=${fault}`, ...argv];
}

/** The command line that runs another one and logs when it looked at files and renamed them. */
export function straceRenames(log: string, argv: readonly string[]): string[] {
  const form = ["--seccomp-bpf", "--absolute-timestamps=unix,us", "--syscall-times=us"];
  return ["strace", ...form, ...common(log, ["statx", "rename", "fsync"]), ...argv];
}

/**
 * How long a file could change unnoticed before each rename over it: from the beginning of the last
 * look at it to the end of the rename, in microseconds. What the trace itself takes is in it.
 * Infinity where nobody looked since a file was last synced.
 */
export function readRenameGapsUs(log: string, target: string): number[] {
  const form = /^\d+ +(\d+)\.(\d+) (statx|rename)\((.*)\) += 0 <(\d+)\.(\d+)>$/;
  const gaps: number[] = [];
  let lookedAtUs = -Infinity;
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const [, s, us, name, args = "", tookS, tookUs] = form.exec(line) ?? [];
    const startUs = Number(s) * 1e6 + Number(us);
    if (name === "statx" && args.startsWith(`AT_FDCWD, "${target}"`)) lookedAtUs = startUs;
    if (line.includes(" fsync(")) lookedAtUs = -Infinity;
    if (name !== "rename" || !args.endsWith(`"${target}"`)) continue;
    gaps.push(startUs + Number(tookS) * 1e6 + Number(tookUs) - lookedAtUs);
  }
  return gaps;
}

function common(log: string, calls: readonly string[]): string[] {
  return ["--follow-forks", "--quiet=all", `--output=${log}`, `--trace=${calls.join(",")}`];
}

/** In the order in which they began. */
export function readTrace(log: string): SystemCall[] {
  const calls: (SystemCall & { text: string; endLine: number })[] = [];
  const unfinished = new Map<string, number>();
  readFileSync(log, "utf8").split("\n").forEach((line, lineNumber) => {
    const [, thread = "", text = ""] = /^(?:(\d+) +)?(.*)$/.exec(line) ?? [];
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
    const call = rest === undefined ? undefined : calls[unfinished.get(thread) ?? -1];
    if (call !== undefined) {
      call.text += rest;
      call.endLine = lineNumber;
      return;
    }
    const [, name] = /^(\w+)\(/.exec(text) ?? [];
    if (name === undefined) return;
    if (text.endsWith("<unfinished ...>")) unfinished.set(thread, calls.length);
    const begun = text.replace(/ *<unfinished \.\.\.>$/, "");
    calls.push({ name, thread, text: begun, startLine: lineNumber, endLine: lineNumber });
  });
  return calls;
}
