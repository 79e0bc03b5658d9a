import { execFileSync } from "node:child_process";
import process from "node:process";
import { ROOT } from "../runtimes.ts";

/** What all packages of one release have in common. */
export interface Release {
  readonly version: string;
  /** When it was made as far as anybody can see: of the last commit, in seconds since 1970. */
  readonly epochSeconds: number;
}

/** @throws Error where nothing says when the source was changed last */
export function sourceDateEpoch(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  try {
    const argv = ["log", "-1", "--format=%ct"];
    return Number(execFileSync("git", argv, { cwd: ROOT, encoding: "utf8" }));
  } catch {
    throw new Error("outside a git repository SOURCE_DATE_EPOCH has to say when this was released");
  }
}
