import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { GuardedFiles } from "./platform/platform.ts";
import { shellWord } from "./model/shell_word.ts";

/** What fstat(2) says of a file. */
export interface FileFacts {
  readonly mode: number;
  readonly uid: number;
}

/** Why a file may not be what root, or this user, has put there. */
export interface Distrust {
  /** The file, or the folder on the way to it, that others have a hand in. */
  readonly path: string;
  /** Whose it is, where that is the reason; else others may write to it. */
  readonly owner: number | undefined;
  /** What ends that. */
  readonly command: string;
}

/**
 * Whether others than root and the user `uid` may write to a file.
 *
 * @param guardedFiles see {@link Platform.guardedFiles}; the facts are its own then
 * @returns undefined if not
 */
export function distrustFile(
  path: string,
  { mode, uid: owner }: FileFacts,
  uid: number,
  guardedFiles?: GuardedFiles,
): Distrust | undefined {
  const command = (otherwise: string) =>
    guardedFiles?.privateRemedy(path) ?? `${otherwise} ${shellWord(path)}`;
  if (owner !== 0 && owner !== uid) return { path, owner, command: command("chown root") };
  if ((mode & 0o022) === 0) return undefined;
  return { path, owner: undefined, command: command("chmod go-w") };
}

/**
 * Whether they may write to one of the folders that a file is in, and so put another in its place.
 * Where there is a sticky bit they may not.
 *
 * @param path without links on the way
 * @throws the system's error
 */
export function distrustFolders(
  path: string,
  uid: number,
  guardedFiles?: GuardedFiles,
): Distrust | undefined {
  for (let folder = dirname(path);; folder = dirname(folder)) {
    const { mode, uid: owner } = guardedFiles?.inspect(folder) ?? statSync(folder);
    const isSticky = (mode & 0o1000) !== 0;
    const distrust = distrustFile(
      folder,
      { mode: isSticky ? mode & ~0o022 : mode, uid: owner },
      uid,
      guardedFiles,
    );
    if (distrust !== undefined || folder === dirname(folder)) return distrust;
  }
}
