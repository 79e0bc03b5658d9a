import { randomBytes } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  fsync as fsyncWithCallback,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writevSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { createLike, renameOver } from "./guarded_file.ts";

/*
 * Calls that end in the page cache are made synchronously: passing each to a thread and back would
 * take longer than most of them take. Only fsync(2), which waits for the disk, is.
 */
const fsync = promisify(fsyncWithCallback);

export interface Replacement {
  readonly target: string;
  /** What is to be in the file, in pieces. */
  readonly content: readonly Uint8Array[];
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles?: GuardedFiles | undefined;
  /** Whose access control list the file gets; the target's unless given. */
  readonly like?: string;
  /** Gives the file its owner and mode, before there is anything in it. */
  readonly prepare: (descriptor: number) => void;
  /**
   * The last word before the rename, which follows without anything in between.
   *
   * @param stats the new file's
   */
  readonly confirm: (stats: BigIntStats) => void;
  /**
   * Looks back after the rename; where it throws, it has put the old file back.
   *
   * @param stats the new file's
   */
  readonly verify?: (stats: BigIntStats) => void;
}

/**
 * Puts a file in `target`'s place so that at every instant, power failures included, a reader finds
 * the old state or the new one whole: a temporary file in the same folder, born with mode 0600, is
 * written and synced, renamed over the old file, and the folder is synced.
 *
 * @returns the new file's status from before the rename
 * @throws the system's error, or what `prepare` and `confirm` throw; the old file is then untouched,
 *   unless it is the sync of the folder that failed
 */
export async function replaceFile(replacement: Replacement): Promise<BigIntStats> {
  const { target, content, guardedFiles, prepare, confirm, verify } = replacement;
  const [prefix, suffix] = temporaryAffixes(target);
  const name = `${prefix}${randomBytes(8).toString("hex")}${suffix}`;
  const temporary = join(dirname(target), name);
  const descriptor = createLike(temporary, replacement.like ?? target, guardedFiles);
  try {
    const stats = await fill(descriptor, content, prepare);
    await renameOver({ temporary, target, guardedFiles, confirm: () => confirm(stats) });
    verify?.(stats);
    await syncFolder(dirname(target));
    // Once more: an open(2) that found the old file may have emptied it only now.
    verify?.(stats);
    return stats;
  } catch (error) {
    unlinkIfPossible(temporary); // gone already if the rename succeeded
    throw error;
  }
}

/** Puts a file that is on the disk in the place of another one of the same folder, durably. */
export async function renameDurably(path: string, newPath: string): Promise<void> {
  renameSync(path, newPath);
  await syncFolder(dirname(newPath));
}

/**
 * Removes what killed processes left of unfinished replacements of `target`, as far as it can be
 * found and removed. The caller has to know that none is under way.
 */
export function sweepTemporaryFiles(target: string): void {
  const folder = dirname(target);
  for (const name of namesIn(folder)) {
    // One that another user left in a shared folder is not ours to remove, and in nobody's way.
    if (isTemporaryName(name, basename(target))) unlinkIfPossible(join(folder, name));
  }
}

/** Whether a file by this name was to take the place of one that is called `targetName`. */
export function isTemporaryName(name: string, targetName: string): boolean {
  const [prefix, suffix] = temporaryAffixes(targetName);
  return name.startsWith(prefix) && name.endsWith(suffix);
}

/** @returns none of a folder that cannot be listed */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}

function unlinkIfPossible(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

async function fill(
  descriptor: number,
  content: readonly Uint8Array[],
  prepare: Replacement["prepare"],
): Promise<BigIntStats> {
  try {
    prepare(descriptor);
    writeAll(descriptor, content);
    await fsync(descriptor);
    return fstatSync(descriptor, { bigint: true });
  } finally {
    closeSync(descriptor);
  }
}

/** writev(2) may write less than all without an error. */
function writeAll(descriptor: number, content: readonly Uint8Array[]): void {
  let rest = content.filter(({ length }) => length > 0);
  while (rest.length > 0) {
    let written = writevSync(descriptor, rest);
    const at = rest.findIndex(({ length }) => {
      if (written < length) return true;
      written -= length;
      return false;
    });
    rest = at < 0 ? [] : [rest[at]?.subarray(written) ?? new Uint8Array(), ...rest.slice(at + 1)];
  }
}

function temporaryAffixes(target: string): [prefix: string, suffix: string] {
  return [`.${basename(target)}.`, ".tmp"];
}

/** Makes a rename in a folder survive a power failure. */
async function syncFolder(path: string): Promise<void> {
  const descriptor = openFolder(path);
  if (descriptor === undefined) return;
  try {
    await fsync(descriptor);
  } catch (error) {
    // Windows syncs none that is open for reading, and opens none for writing.
    if (systemErrorCode(error) !== "EPERM") throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** @returns undefined where folders cannot be opened */
function openFolder(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (systemErrorCode(error) === "EPERM" || systemErrorCode(error) === "EISDIR") return undefined;
    throw error;
  }
}
