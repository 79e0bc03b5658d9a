import { statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { targetPath } from "./target_path.ts";

/** Whose a file is and who may do what with it. */
export interface FileFacts {
  readonly path: string;
  /** The permission bits and the sticky bit. */
  readonly mode: number;
  readonly uid: number;
}

/** @returns undefined for what is not there, or cannot be seen by this process */
export function inspectFile(path: string): FileFacts | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && { path, mode: stats.mode & 0o1777, uid: stats.uid };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** The folder that a file is really in, at the end of all links. */
export function inspectFolderOf(path: string): FileFacts | undefined {
  try {
    return inspectFile(dirname(targetPath(path)));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
