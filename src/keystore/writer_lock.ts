import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import type { FileLock, LockRole, Platform } from "../platform/platform.ts";
import { inheritOwner } from "./file_owner.ts";
import { unreadable } from "../pkcs12/unreadable.ts";
import { ioError } from "./io_error.ts";
import { targetPath } from "./target_path.ts";

/** Who may write a keystore, and when. */
export interface WriterLock {
  /** Runs `work` as the keystore's one writer. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** @throws AppError ERR_KEYSTORE_IN_USE while a daemon of another process has the keystore */
  assertReadable(): void;
}

export interface WriterLockOptions {
  readonly keystorePath: string;
  readonly platform: Platform;
  /** See {@link ioError}. */
  readonly mayBeDenied: boolean;
  /** How long to wait for another short-lived writer; for each, where many stand in line. */
  readonly timeoutMs: number;
  /** Whether to create the keystore's folder, as for the default path: a typo in any other one
   * should be an error. */
  readonly createFolder: boolean;
}

const MIN_POLL_MS = 2;
const MAX_POLL_MS = 50;

/** However fast the line moves on: nobody waits longer than this many times the time-out. */
const MAX_WAIT_FACTOR = 12;

/**
 * The lock of a command: taken for each change, released right after it. What runs while it is held
 * shares it: a change within an act, and one act beside another.
 */
export function commandLock(options: WriterLockOptions): WriterLock {
  let holders = 0;
  let lock: Promise<FileLock> | undefined;
  const release = async () => {
    if (--holders > 0) return;
    const held = lock;
    lock = undefined;
    (await held)?.close();
  };
  return {
    async run(work) {
      holders++;
      lock ??= acquire(options, "command");
      try {
        await lock;
        return await work();
      } finally {
        await release();
      }
    },
    assertReadable: () => assertNoDaemon(options),
  };
}

/**
 * The lock of a daemon: held from here to the end of the process. Should somebody remove its file
 * meanwhile, the next change has to win the lock on a new one.
 *
 * @throws AppError ERR_KEYSTORE_IN_USE when another daemon has it, or a command keeps it too long
 */
export async function daemonLock(options: WriterLockOptions): Promise<WriterLock> {
  let lock = await acquire(options, "daemon");
  let winning: Promise<void> | undefined;
  const winAnew = async () => {
    const removed = lock;
    lock = await acquire(options, "daemon");
    removed.close();
  };
  return {
    async run(work) {
      if (!attempt(options, () => lock.isInPlace())) {
        // Whatever else is asked for meanwhile waits for the same one.
        await (winning ??= winAnew().finally(() => winning = undefined));
      }
      return await work();
    },
    assertReadable: () => undefined,
  };
}

async function acquire(options: WriterLockOptions, role: LockRole): Promise<FileLock> {
  for (;;) {
    const lock = await acquireFile(options, role);
    // Whoever had it before may have removed the file after this process had opened it.
    if (attempt(options, () => lock.isInPlace())) return lock;
    lock.close();
  }
}

async function acquireFile(options: WriterLockOptions, role: LockRole): Promise<FileLock> {
  const { platform, createFolder, keystorePath } = options;
  const lock = attempt(options, () => {
    if (createFolder) makeFolder(dirname(keystorePath), platform);
    if (!existsSync(lockPath(options))) assertMayBeKeystore(keystorePath);
    return platform.openLock(lockPath(options));
  });
  try {
    await attemptUntil(options, lock, role);
    if (lock.descriptor >= 0) {
      // The owner of the file itself: a link to it may be anybody's.
      attempt(options, () => {
        inheritOwner(lock.descriptor, targetPath(keystorePath), platform.self.uid);
      });
    }
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}

function makeFolder(path: string, { guardedFiles }: Platform): void {
  if (guardedFiles !== undefined) guardedFiles.createFolder(path);
  else mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** flock(2) can wait by itself, but only by stopping this process: hence a poll, ever slower. */
async function attemptUntil(
  options: WriterLockOptions,
  lock: FileLock,
  role: LockRole,
): Promise<void> {
  const lastDeadline = performance.now() + MAX_WAIT_FACTOR * options.timeoutMs;
  let deadline = performance.now() + options.timeoutMs;
  let pollMs = MIN_POLL_MS;
  let lastPid: number | undefined;
  while (!attempt(options, () => lock.tryAcquire(role))) {
    const holder = lock.holder();
    if (holder?.role === "daemon") throw inUseByDaemon(options, holder.pid);
    // As long as the lock changes hands the line moves on, however long it is.
    if (holder?.pid !== lastPid) deadline = performance.now() + options.timeoutMs;
    lastPid = holder?.pid;
    if (performance.now() >= Math.min(deadline, lastDeadline)) {
      throw inUse(options, holder ? `the process with pid ${holder.pid}` : "another process");
    }
    // Commands that wait side by side should not wake up side by side.
    await sleep(pollMs * (0.5 + Math.random()));
    pollMs = Math.min(pollMs * 1.5, MAX_POLL_MS);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function assertNoDaemon(options: WriterLockOptions): void {
  // Where there is no folder there is no lock in it, and nothing to protect.
  if (!existsSync(dirname(options.keystorePath))) return;
  const holder = attempt(options, () => options.platform.lockHolder(lockPath(options)));
  if (holder?.role === "daemon") throw inUseByDaemon(options, holder.pid);
}

/**
 * A mistyped path must not leave a lock beside a file that is no keystore: other programs know such
 * names, `/etc/passwd.lock` among them. An empty file may be about to be written.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE
 */
function assertMayBeKeystore(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size === 0) return;
  const descriptor = openSync(path, "r");
  try {
    const first = Buffer.alloc(1);
    if (readSync(descriptor, first) === 1 && first[0] !== DER_SEQUENCE) {
      const { code, message } = unreadable();
      throw new AppError(code, `cannot open keystore ${path}: ${message}`);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** With which every PKCS#12 file begins. */
const DER_SEQUENCE = 0x30;

function inUseByDaemon(options: WriterLockOptions, pid: number): AppError {
  return inUse(options, `the daemon with pid ${pid}; ask it through its socket`);
}

function inUse({ keystorePath }: WriterLockOptions, holder: string): AppError {
  return new AppError("ERR_KEYSTORE_IN_USE", `keystore ${keystorePath} is in use by ${holder}`);
}

function attempt<T>({ keystorePath, mayBeDenied }: WriterLockOptions, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw ioError(error, `cannot lock keystore ${keystorePath}`, mayBeDenied);
  }
}

/** Beside the file itself, so that all names of one keystore share one lock. */
function lockPath({ keystorePath }: WriterLockOptions): string {
  return `${targetPath(keystorePath)}.lock`;
}
