import { execFile } from "node:child_process";
import { AppError } from "../errors.ts";

/** A program of the operating system, run without a shell. */
export type RunTool = (
  argv: readonly [program: string, ...args: string[]],
) => Promise<ToolOutcome>;

export interface ToolOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 120_000;

/** Where administrators' programs are, whatever the caller's PATH says: root is to run no others. */
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** @throws AppError ERR_SERVICE for a program that is not there, or does not end */
export const runTool: RunTool = ([program, ...args]) =>
  new Promise((resolve, reject) => {
    const env = { PATH, LC_ALL: "C", SYSTEMD_PAGER: "", SYSTEMD_COLORS: "0" };
    execFile(program, args, { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === "number") return resolve({ status, stdout, stderr });
      const reason = error?.killed ? `it does not end within ${TIMEOUT_MS / 1_000} s` : status;
      reject(new AppError("ERR_SERVICE", `cannot run ${program}: ${reason}`, { cause: error }));
    });
  });
