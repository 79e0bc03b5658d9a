import { globSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { denoPath, nodePath, ROOT } from "./runtimes.ts";

export const RUN_NAMES = ["node", "deno", "dist"] as const;
export type RunName = (typeof RUN_NAMES)[number];

/** One pass over test files: which, by what, and which command they drive. */
export interface Run {
  readonly name: RunName;
  /** Relative to the project's folder, sorted. */
  readonly files: readonly string[];
  /** The program and arguments that a test file's path is appended to. */
  readonly runner: readonly string[];
  /** The command that end-to-end tests drive, for APIKEY_TEST_COMMAND. */
  readonly command: readonly string[];
}

export const EXECUTABLE = join("dist", process.platform === "win32" ? "apikey.exe" : "apikey");

const MAIN = join(ROOT, "src", "main.ts");
const NODE = [nodePath(), "--disable-warning=ExperimentalWarning"];
const DENO = [denoPath(), "run", "--allow-all"];

/** That the source runs on Node without having been built. */
const SMOKE_TEST = /[\\/]session\.test\.ts$/;

/**
 * What is failed, and what is installed, is the executable: a runtime that loads the source is another
 * program.
 */
const OF_EXECUTABLE = /^test[\\/](?:faults|packages|systemd)[\\/]/;

/** The runs asked for, each with the files whose path has one of the substrings (none: all). */
export function planRuns(names: readonly RunName[], substrings: readonly string[]): Run[] {
  const wanted = (file: string) =>
    substrings.length === 0 || substrings.some((part) => file.includes(part));
  const files = (pattern: string) => globSync(pattern, { cwd: ROOT }).sort().filter(wanted);
  const all = files("test/**/*.test.ts").filter((file) => !OF_EXECUTABLE.test(file));
  const driving = files("test/{e2e,faults,interop,packages,systemd}/**/*.test.ts");
  // The executable is this source on this very runtime, so there is no need to drive both.
  const isDriven = (file: string) => driving.includes(file) && !SMOKE_TEST.test(file);
  const onNode = all.filter((file) => !isDriven(file));
  const runs: readonly Run[] = [
    { name: "node", files: onNode, runner: NODE, command: [...NODE, MAIN] },
    { name: "deno", files: all, runner: DENO, command: [...DENO, MAIN] },
    { name: "dist", files: driving, runner: NODE, command: [join(ROOT, EXECUTABLE)] },
  ];
  return runs.filter((run) => names.includes(run.name));
}
