import { openSync, renameSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";

/** Creates a file that others cannot read: born with mode 0600, or as private as `like`. */
export function createLike(
  path: string,
  like: string,
  guardedFiles: GuardedFiles | undefined,
): number {
  return guardedFiles?.create(path, like) ?? openSync(path, "wx", 0o600);
}

export interface Renaming {
  readonly temporary: string;
  readonly target: string;
  readonly guardedFiles: GuardedFiles | undefined;
  /** The last word before each attempt, which follows without anything in between. */
  readonly confirm: () => void;
}

/**
 * rename(2). On Windows a file cannot be replaced while another program has it open, as Java does to
 * read it: that is over in a moment.
 */
export async function renameOver(renaming: Renaming): Promise<void> {
  const { temporary, target, guardedFiles, confirm } = renaming;
  const deadline = performance.now() + IN_USE_MS;
  for (;;) {
    confirm();
    try {
      return renameSync(temporary, target);
    } catch (error) {
      if (guardedFiles === undefined || !isInUse(error)) throw error;
      if (performance.now() >= deadline) throw inUse(error);
    }
    await sleep(RETRY_MS);
  }
}

const IN_USE_MS = 5_000;
const RETRY_MS = 20;

/** Windows calls a file that is open one to which access is denied; the folder was just written to. */
function isInUse(error: unknown): boolean {
  return ["EPERM", "EACCES", "EBUSY"].includes(systemErrorCode(error) ?? "");
}

function inUse(cause: unknown): Error {
  return Object.assign(new Error("EBUSY: rename", { cause }), { code: "EBUSY", syscall: "rename" });
}
