import { lstatSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Whether nobody but root can change a file or folder, or put another in its place: all on the way to it
 * is root's, and for nobody else to write to. Stricter than `file_trust.ts`, which lets a sticky bit do.
 *
 * @param path without links on the way
 * @throws the system's error
 */
export function isRootsAlone(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  const isRoots = uid === 0 && (mode & 0o022) === 0;
  return isRoots && (path === dirname(path) || isRootsAlone(dirname(path)));
}
