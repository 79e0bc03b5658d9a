import { randomBytes } from "node:crypto";
import { type BigIntStats, renameSync } from "node:fs";
import { type FileHandle, open, readdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemErrorCode } from "../errors.ts";

export interface Replacement {
  readonly target: string;
  readonly bytes: Uint8Array;
  /** Gives the file its owner and mode, before there is anything in it. */
  readonly prepare: (file: FileHandle) => Promise<void> | void;
  /** The last word before the rename, which follows without anything in between. */
  readonly confirm: () => void;
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
  const { target, bytes, prepare, confirm } = replacement;
  const [prefix, suffix] = temporaryAffixes(target);
  const name = `${prefix}${randomBytes(8).toString("hex")}${suffix}`;
  const temporary = join(dirname(target), name);
  const file = await open(temporary, "wx", 0o600);
  try {
    const stats = await fill(file, bytes, prepare);
    confirm();
    renameSync(temporary, target);
    await syncFolder(dirname(target));
    return stats;
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // gone already if the rename succeeded
    throw error;
  }
}

/**
 * Removes what killed processes left of unfinished replacements of `target`. The caller has to know
 * that none is under way.
 */
export async function sweepTemporaryFiles(target: string): Promise<void> {
  const folder = dirname(target);
  const [prefix, suffix] = temporaryAffixes(target);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    // One that another user left in a shared folder is not ours to remove, and in nobody's way.
    await unlink(join(folder, name)).catch(() => undefined);
  }
}

async function fill(
  file: FileHandle,
  bytes: Uint8Array,
  prepare: Replacement["prepare"],
): Promise<BigIntStats> {
  try {
    await prepare(file);
    await file.writeFile(bytes);
    await file.sync();
    return await file.stat({ bigint: true });
  } finally {
    await file.close();
  }
}

function temporaryAffixes(target: string): [prefix: string, suffix: string] {
  return [`.${basename(target)}.`, ".tmp"];
}

/** Makes a rename in a folder survive a power failure. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch((error) => {
    // Windows opens no folders, and needs no such call.
    if (systemErrorCode(error) === "EPERM" || systemErrorCode(error) === "EISDIR") return undefined;
    throw error;
  });
  if (folder === undefined) return;
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
