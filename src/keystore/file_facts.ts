import { statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { targetPath } from "./target_path.ts";

/** Whose a file is and who may do what with it. */
export interface FileFacts {
  readonly path: string;
  /** The permission bits and the sticky bit. */
  readonly mode: number;
  readonly uid: number;
  /** The command that makes it private, where that is no chmod. */
  readonly privateRemedy?: string;
}

/** @returns undefined for what is not there, or cannot be seen by this process */
export function inspectFile(
  path: string,
  guardedFiles: GuardedFiles | undefined,
): FileFacts | undefined {
  try {
    if (guardedFiles !== undefined) return inspectGuarded(path, guardedFiles);
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && { path, mode: stats.mode & 0o1777, uid: stats.uid };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

function inspectGuarded(path: string, guardedFiles: GuardedFiles): FileFacts | undefined {
  const facts = guardedFiles.inspect(path);
  return facts && { path, ...facts, privateRemedy: guardedFiles.privateRemedy(path) };
}

/** The folder that a file is really in, at the end of all links. */
export function inspectFolderOf(
  path: string,
  guardedFiles: GuardedFiles | undefined,
): FileFacts | undefined {
  try {
    return inspectFile(dirname(targetPath(path)), guardedFiles);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
