import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { COMMAND } from "./command.ts";

export interface Outcome {
  /** null when a signal ended it */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecuteOptions {
  /** On top of the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const TIMEOUT_MS = 120_000;

/** Spares the source on Node two thirds of its start-up time. */
const COMPILE_CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "apikey-e2e");

/** The test's environment without what would steer the command under test. */
export function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) =>
    !name.startsWith("APIKEY_") && name !== "CREDENTIALS_DIRECTORY"
  );
  return { ...Object.fromEntries(own), NODE_COMPILE_CACHE: COMPILE_CACHE, ...extra };
}

/** Runs a program to its end. */
export function execute(
  [program = "", ...args]: readonly string[],
  { env, input = "" }: ExecuteOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment(env), stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => output[name] += text);
    }
    const timer = setTimeout(() => kill(child, "SIGKILL"), TIMEOUT_MS);
    child.once("error", reject);
    child.once("close", (status) => {
      clearTimeout(timer);
      resolve({ status, ...output });
    });
    // Some programs end without reading.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Runs the command under test to its end. */
export function apikey(args: readonly string[], options?: ExecuteOptions): Promise<Outcome> {
  return execute([...COMMAND, ...args], options);
}

/** Not `child.kill()`: after that Deno reports the signal, whatever the status. */
export function kill({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(pid, signal);
}
