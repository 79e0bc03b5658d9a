import { AppError } from "../errors.ts";
import { type Flock, lockHolder, openLock } from "./lock_file.ts";
import type { NativeLibrary } from "./native_library.ts";
import { opensslPkcs12Kdf } from "./openssl.ts";
import type { Platform } from "./platform.ts";
import { releaseSpareMemory } from "./spare_memory.ts";
import { isAlive, type PosixProcess, withUmask } from "./posix_process.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const RLIMIT_CORE = 4;
const POLLOUT = 4;

/** `errno` values after which waiting for a lock is pointless: the file system has none. */
const LOCKS_UNSUPPORTED = new Set([
  /* ENOLCK, Linux */ 37,
  /* macOS */ 77,
  /* ENOSYS */ 38,
  78,
  45,
  95,
]);

/**
 * What Linux and macOS have in common.
 *
 * @param errnoSymbol the function behind the C macro `errno`
 */
export function posixPlatform(process: PosixProcess, libc: NativeLibrary, errnoSymbol: string) {
  const lockOptions = {
    pid: process.pid,
    flock: posixFlock(libc, errnoSymbol),
    isAlive: (pid: number) => isAlive(process, pid),
  };
  return {
    knowsPeers: true,
    elevation: "run it as an administrator: sudo apikey …",
    pipes: undefined,
    services: undefined,
    guardedFiles: undefined,
    openLock: (path) => openLock(path, lockOptions),
    lockHolder: (path) => lockHolder(path, lockOptions),
    groupId: (name) => groupId(libc, name),
    hasRoom: (descriptor) => hasRoom(libc, descriptor),
    withMode: (mode, bind) => withUmask(process, mode, bind),
    releaseSpareMemory: () => releaseSpareMemory(libc),
    pkcs12Kdf: opensslPkcs12Kdf(libc),
  } satisfies Partial<Platform>;
}

/** flock(2): bound to the open file description, so it ends with the process in every case. */
function posixFlock(libc: NativeLibrary, errnoSymbol: string): Flock {
  const flock = libc.symbol("flock", { parameters: ["i32", "i32"], result: "i32" });
  const errno = posixErrno(libc, errnoSymbol);
  return (descriptor, kind) => {
    const operation = kind === "exclusive" ? LOCK_EX : LOCK_SH;
    if (flock(descriptor, operation | LOCK_NB) === 0) return true;
    if (!LOCKS_UNSUPPORTED.has(errno())) return false;
    throw new AppError("ERR_KEYSTORE_IO", "the keystore's file system has no locks");
  };
}

/** The C macro `errno`, of this thread's last call. */
export function posixErrno(libc: NativeLibrary, errnoSymbol: string): () => number {
  const errnoAddress = libc.symbol(errnoSymbol, { parameters: [], result: "pointer" });
  return () => libc.readInt32(errnoAddress(), 0) ?? 0;
}

/** getgrnam(3), which asks whatever name service the host is configured for. */
function groupId(libc: NativeLibrary, name: string): number | undefined {
  const getgrnam = libc.symbol("getgrnam", { parameters: ["buffer"], result: "pointer" });
  // struct group { char *gr_name; char *gr_passwd; gid_t gr_gid; … }
  const gid = libc.readInt32(getgrnam(Buffer.from(`${name}\0`)), 16);
  return gid === undefined ? undefined : gid >>> 0;
}

/** poll(2) without waiting. A reader that has gone counts as room: writing fails at once. */
function hasRoom(libc: NativeLibrary, descriptor: number): boolean {
  const poll = libc.symbol("poll", { parameters: ["buffer", "usize", "i32"], result: "i32" });
  // struct pollfd { int fd; short events; short revents; }
  const pollfd = new Uint8Array(8);
  const view = new DataView(pollfd.buffer);
  view.setInt32(0, descriptor, true);
  view.setInt16(4, POLLOUT, true);
  return poll(pollfd, 1n, 0) !== 0;
}

/** setrlimit(2): a crash leaves no copy of the memory behind. */
export function forbidCoreDumps(libc: NativeLibrary): void {
  const setrlimit = libc.symbol("setrlimit", { parameters: ["i32", "buffer"], result: "i32" });
  setrlimit(RLIMIT_CORE, new Uint8Array(16));
}
