import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";

export interface PrivateFile {
  readonly path: string;
  /** Whose it may be where others may write the folder, besides the folder's owner. */
  readonly owners: () => readonly number[];
  /** Gives a new file its owner. */
  readonly prepare: (descriptor: number) => void;
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles?: GuardedFiles | undefined;
}

/** A symbolic link in a folder that others may write could lead anywhere; nobody waits for a pipe. */
const SAFELY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file that nobody but its owner and root can have put there.
 *
 * @returns undefined for none
 * @throws the system's error, or AppError ERR_AUDIT
 */
export function openPrivateFile(
  file: Omit<PrivateFile, "prepare">,
  flags: number,
): number | undefined {
  const { path } = file;
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | SAFELY);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const reason = whyNotPrivate(fstatSync(descriptor), file);
    if (reason === undefined) return descriptor;
    throw unusable(path, reason);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Whoever reads a pipe or a device keeps nothing; a file that anybody may have put there is his. */
function whyNotPrivate(
  stats: Stats,
  { path, owners, guardedFiles }: Omit<PrivateFile, "prepare">,
): string | undefined {
  if (!stats.isFile()) return "it is no plain file";
  const folder = guardedFiles?.inspect(dirname(path)) ?? statSync(dirname(path));
  if ((folder.mode & 0o022) === 0) return undefined;
  const { uid } = guardedFiles?.inspect(path) ?? stats;
  const isTrusted = stats.nlink === 1 && [folder.uid, ...owners()].includes(uid);
  return !isTrusted ? "it is another user's, in a folder that others may write" : undefined;
}

/** The same, or a new one for its owner's eyes only. */
export function openOrCreatePrivateFile(
  file: PrivateFile,
  flags: number,
): { readonly descriptor: number; readonly isNew: boolean } {
  const known = openPrivateFile(file, flags);
  if (known !== undefined) return { descriptor: known, isNew: false };
  const { path, prepare, guardedFiles } = file;
  const creating = flags | SAFELY | constants.O_CREAT | constants.O_EXCL;
  const descriptor = guardedFiles?.create(path, path) ?? openSync(path, creating, 0o600);
  try {
    prepare(descriptor);
    return { descriptor, isNew: true };
  } catch (error) {
    closeSync(descriptor);
    unlinkSync(path);
    throw error;
  }
}

export function unusable(path: string, reason: string): AppError {
  return new AppError("ERR_AUDIT", `cannot use the audit log ${path}: ${reason}`);
}
