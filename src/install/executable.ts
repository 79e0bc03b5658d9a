import { readFileSync, realpathSync } from "node:fs";
import { isRootsAlone } from "../roots_alone.ts";
import { placeFile, readPlaced } from "./placed_file.ts";

/** Where an executable goes that is somewhere else. */
export const INSTALLED_EXECUTABLE = "/usr/local/bin/apikey";

/** What a service can run, as others than root may not change it and it is there in a service's world. */
const FIT_FOLDERS = ["/usr/", "/opt/"];

/**
 * The executable that a service is to run: the one that runs now, if nobody but root can replace it,
 * else a copy of it. A service that runs what a user can write would make that user root.
 */
export function serviceExecutable(execPath: string, installed = INSTALLED_EXECUTABLE): string {
  const path = realpathSync(execPath);
  return FIT_FOLDERS.some((folder) => path.startsWith(folder)) && isRootsAlone(path)
    ? path
    : installed;
}

/** @returns false where it is there already */
export function installExecutable(execPath: string, installed = INSTALLED_EXECUTABLE): boolean {
  return placeFile({
    path: installed,
    content: readFileSync(execPath),
    mode: 0o755,
  });
}

/** Whether the file at a path is a copy of this executable. */
export function isCopy(path: string, execPath: string): boolean {
  return readPlaced(path)?.equals(readFileSync(execPath)) === true;
}
