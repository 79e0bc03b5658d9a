import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { systemErrorCode } from "../errors.ts";

const MAX_LINKS = 40;

/**
 * The path of the file itself, at the end of all symbolic links, whether it exists or not: what is
 * written there leaves the links alone.
 *
 * @throws the system's error where the folder does not exist or links go round in circles
 */
export function targetPath(path: string): string {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS && isLink(target); links++) {
    target = resolve(dirname(target), readlinkSync(target));
  }
  return join(realpathSync(dirname(target)), basename(target));
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}
