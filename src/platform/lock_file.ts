import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { AppError, systemErrorCode } from "../errors.ts";
import type { FileLock, LockHolder, LockRole } from "./platform.ts";

/** Tries to lock a descriptor without waiting; false while another open file description has it. */
export type Flock = (descriptor: number, kind: "exclusive" | "shared") => boolean;

export interface LockFileOptions {
  readonly pid: number;
  readonly flock: Flock;
  readonly isAlive: (pid: number) => boolean;
}

/** See {@link Platform.openLock}. */
export function openLock(path: string, { pid, flock, isAlive }: LockFileOptions): FileLock {
  const descriptor = openLockFile(path, constants.O_RDWR | constants.O_CREAT);
  return {
    descriptor,
    tryAcquire(role) {
      if (!flock(descriptor, "exclusive")) return false;
      const holder: LockHolder = { pid, role };
      ftruncateSync(descriptor);
      writeSync(descriptor, JSON.stringify(holder), 0);
      return true;
    },
    holder: () => readHolder(descriptor, isAlive),
    close: () => closeSync(descriptor),
  };
}

/**
 * The file's content is only a hint, left behind when a holder dies: it counts while its process
 * lives and the lock is really held. See {@link Platform.lockHolder}.
 */
export function lockHolder(
  path: string,
  { flock, isAlive }: LockFileOptions,
): LockHolder | undefined {
  let descriptor: number;
  try {
    descriptor = openLockFile(path, constants.O_RDONLY);
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const holder = readHolder(descriptor, isAlive);
    return holder === undefined || flock(descriptor, "shared") ? undefined : holder;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whoever owns the folder could put a link in the lock file's place, to have another file emptied
 * by root: no link of either kind is followed.
 */
function openLockFile(path: string, flags: number): number {
  const descriptor = openSync(path, flags | (constants.O_NOFOLLOW ?? 0), 0o600);
  const { nlink } = fstatSync(descriptor);
  if (fstatSync(descriptor).isFile() && nlink === 1) return descriptor;
  closeSync(descriptor);
  throw new AppError("ERR_KEYSTORE_IO", `${path} is no plain file; remove it`);
}

function readHolder(
  descriptor: number,
  isAlive: (pid: number) => boolean,
): LockHolder | undefined {
  const bytes = Buffer.alloc(256);
  const text = bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  const [, digits, role] = /^\{"pid":(\d+),"role":"(command|daemon)"\}$/.exec(text) ?? [];
  const pid = Number(digits);
  return role === undefined || !isAlive(pid) ? undefined : { pid, role: role as LockRole };
}
