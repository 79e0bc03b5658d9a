import { systemErrorCode } from "../errors.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";

/** The part of Node's `process` that a POSIX platform needs; Deno has the same. */
export interface PosixProcess {
  readonly pid: number;
  geteuid?(): number;
  getegid?(): number;
  getgroups?(): number[];
  umask(mask: number): number;
  kill(pid: number, signal: 0): true;
}

export function processIdentity(process: PosixProcess): PeerCredentials & { readonly pid: number } {
  const { geteuid, getegid, getgroups } = process;
  if (!geteuid || !getegid || !getgroups) throw new TypeError("not a POSIX system");
  return { uid: geteuid(), gid: getegid(), groups: getgroups(), pid: process.pid };
}

/** kill(2) with signal 0; a process of another user is there too. */
export function isAlive(process: PosixProcess, pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

/** See {@link Platform.withMode}. The umask is the only way to give a socket its mode at birth. */
export function withUmask<T>(process: PosixProcess, mode: number, bind: () => T): T {
  const previous = process.umask(0o777 & ~mode);
  try {
    return bind();
  } finally {
    process.umask(previous);
  }
}
