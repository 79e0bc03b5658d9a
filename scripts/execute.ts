import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import process from "node:process";

export interface Outcome {
  /** Exit status; null when a signal ended the program or it never started. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  /** Standard output and standard error, in order of arrival. */
  readonly output: string;
  readonly seconds: number;
}

export interface ExecuteOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** Kills the program, as the time-out does. */
  readonly stop?: AbortSignal;
}

/** A program that never stops printing must not take the runner's memory: the end is what counts. */
const MAX_OUTPUT_CHARS = 1_000_000;

/** How long output may still arrive once the program itself has gone. */
const DRAIN_MS = 1_000;

/** Runs a program to its end, without input. Never rejects: a program that cannot start has no status. */
export function execute(argv: readonly string[], options: ExecuteOptions): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const started = performance.now();
  const [file = "", ...args] = argv;
  // A process group of its own, so that a time-out reaches what the program has started, too.
  const child = spawn(file, args, {
    cwd: options.cwd,
    ...(options.env === undefined ? {} : { env: options.env }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });

  let stdout = "";
  let output = "";
  let timedOut = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = keepEnd(stdout + text);
    output = keepEnd(output + text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => output = keepEnd(output + text));

  const kill = () => killGroup(child);
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs);
  options.stop?.addEventListener("abort", kill);
  if (options.stop?.aborted) kill();

  child.on("error", (error) => output = keepEnd(`${output}${error.message}\n`));
  child.on("exit", () => {
    // Something left behind may hold the pipes open: it goes with the group, or is not waited for.
    kill();
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, DRAIN_MS).unref();
  });
  child.on("close", (status, signal) => {
    clearTimeout(timer);
    options.stop?.removeEventListener("abort", kill);
    const seconds = (performance.now() - started) / 1_000;
    // A program that could not start reports a negative number here.
    const code = status === null || status < 0 ? null : status;
    resolve({ status: code, signal, timedOut, stdout, output, seconds });
  });
  return promise;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

function keepEnd(text: string): string {
  return text.length > MAX_OUTPUT_CHARS ? text.slice(-MAX_OUTPUT_CHARS / 2) : text;
}
