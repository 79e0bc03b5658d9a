import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { systemErrorCode } from "../../errors.ts";
import { assertLockFile, encodeHolder, parseHolder } from "../lock_file.ts";
import type { FileLock, LockHolder } from "../platform.ts";
import { privateSddl } from "./access_control.ts";
import { type FilesOptions, OPEN_ALWAYS, openFile, ordinaryUser, SHARE_READING } from "./files.ts";

/**
 * See {@link Platform.openLock}. The lock is the open file, which nobody else can open for writing
 * meanwhile; everybody may read who has it.
 */
export function openLock(path: string, pid: number, options: FilesOptions): FileLock {
  let descriptor: number | undefined;
  return {
    descriptor: -1,
    tryAcquire(role) {
      descriptor = openAlone(path, options);
      if (descriptor === undefined) return false;
      assertLockFile(path, descriptor);
      ftruncateSync(descriptor);
      writeSync(descriptor, encodeHolder({ pid, role }), 0);
      return true;
    },
    // An open file without FILE_SHARE_DELETE cannot be removed.
    isInPlace: () => true,
    holder: () => readHolder(path),
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** See {@link Platform.lockHolder}. What is in the file counts only while somebody has it open. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    closeSync(openSync(path, "r+"));
    return undefined;
  } catch (error) {
    if (systemErrorCode(error) === "EBUSY") return readHolder(path);
    if (UNKNOWABLE.includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

const UNKNOWABLE = ["ENOENT", "ENOTDIR", "EACCES", "EPERM"];

function readHolder(path: string): LockHolder | undefined {
  try {
    return parseHolder(readFileSync(path, "utf8"));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** @returns undefined where somebody else has it open */
function openAlone(path: string, options: FilesOptions): number | undefined {
  try {
    const sddl = privateSddl(ordinaryUser(options));
    const disposition = OPEN_ALWAYS;
    return openFile(options.libraries, path, { sharing: SHARE_READING, disposition, sddl });
  } catch (error) {
    if (systemErrorCode(error) === "EBUSY") return undefined;
    throw error;
  }
}
