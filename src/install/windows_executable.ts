import { copyFileSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, systemErrorCode } from "../errors.ts";
import { readPlaced } from "./placed_file.ts";

/** What a service runs: this executable where it is, or a copy that only administrators can replace. */
export interface WindowsExecutable {
  readonly path: string;
  /** What runs now. */
  readonly execPath: string;
  isInPlace(): boolean;
  /** @returns false where it is in its place already */
  place(): boolean;
}

export function executableAt(path: string, execPath: string): WindowsExecutable {
  const isInPlace = () => {
    return path === execPath || readPlaced(path)?.equals(readFileSync(execPath)) === true;
  };
  return {
    path,
    execPath,
    isInPlace,
    place() {
      if (isInPlace()) return false;
      copy(execPath, path);
      return true;
    },
  };
}

/** Its access control list is that of its folder, in which only administrators write. */
function copy(from: string, to: string): void {
  const temporary = `${to}.new`;
  try {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, temporary);
    renameSync(temporary, to);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new AppError("ERR_SERVICE", `cannot write ${to}: ${code}`, { cause: error });
  }
}

/** Its own two, unless somebody has put something there. */
function removeEmptyFolders(path: string): void {
  try {
    rmdirSync(dirname(path));
    rmdirSync(dirname(dirname(path)));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

const IN_USE_MS = 5_000;
const RETRY_MS = 100;

/**
 * Removes a copy, and its folder if nothing else is in it. An executable that has just ended stays in
 * use for a moment.
 *
 * @returns false where there is none
 */
export async function removeCopy(
  { path, execPath, isInPlace }: WindowsExecutable,
): Promise<boolean> {
  if (path === execPath || !isInPlace()) return false;
  const deadline = performance.now() + IN_USE_MS;
  for (;;) {
    try {
      rmSync(path);
      removeEmptyFolders(path);
      return true;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      if (performance.now() >= deadline) {
        throw new AppError("ERR_SERVICE", `cannot remove ${path}: ${code}`, { cause: error });
      }
    }
    await sleep(RETRY_MS);
  }
}
