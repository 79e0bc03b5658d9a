import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
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
      assertLockFile(path, descriptor);
      ftruncateSync(descriptor);
      writeSync(descriptor, encodeHolder(holder), 0);
      return true;
    },
    isInPlace: () => isAt(path, descriptor),
    holder: () => readHolder(descriptor, isAlive),
    close: () => release(descriptor),
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
  // Opening a FIFO must not wait for its other end.
  const safely = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(path, flags | safely, 0o600);
  const { nlink } = fstatSync(descriptor);
  if (fstatSync(descriptor).isFile() && nlink === 1) return descriptor;
  closeSync(descriptor);
  throw new AppError("ERR_KEYSTORE_IO", `${path} is no plain file; remove it`);
}

/** Whatever close(2) answers, the descriptor is gone, and its lock; what it was held for is done. */
function release(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

function isAt(path: string, descriptor: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const own = fstatSync(descriptor);
  return there?.ino === own.ino && there.dev === own.dev;
}

/** A file by that name with anything else in it is somebody's, and not to be emptied. */
export function assertLockFile(path: string, descriptor: number): void {
  // A full disk, or the end of its writer, may have left no more than the beginning.
  const beginning = readText(descriptor).slice(0, HOLDER_BEGINNING.length);
  if (HOLDER_BEGINNING.startsWith(beginning)) return;
  throw new AppError("ERR_KEYSTORE_IO", `${path} is no lock file; move it away`);
}

const HOLDER_BEGINNING = '{"pid":';
export function encodeHolder({ pid, role }: LockHolder): string {
  return JSON.stringify({ pid, role });
}

/** @returns undefined for what has not been written whole */
export function parseHolder(text: string): LockHolder | undefined {
  const [, digits, role] = HOLDER.exec(text) ?? [];
  return role === undefined ? undefined : { pid: Number(digits), role: role as LockRole };
}

const HOLDER = /^\{"pid":(\d+),"role":"(command|daemon)"\}$/;

function readText(descriptor: number): string {
  const bytes = Buffer.alloc(256);
  return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
}

function readHolder(
  descriptor: number,
  isAlive: (pid: number) => boolean,
): LockHolder | undefined {
  const holder = parseHolder(readText(descriptor));
  return holder && isAlive(holder.pid) ? holder : undefined;
}
