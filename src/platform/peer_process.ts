import { readFileSync, readlinkSync } from "node:fs";
import { systemErrorCode } from "../errors.ts";
import type { PeerProcess } from "../model/peer_credentials.ts";
import { closeDescriptor, type NativeLibrary } from "./native_library.ts";

/** proc(5): what a login uid reads as where nobody has logged in. */
const NO_LOGIN = 4294967295;

/**
 * What /proc says of a process, as far as this one may see it.
 *
 * @param id a pid, or `self`
 */
export function processFacts(id: number | "self"): PeerProcess {
  const loginUid = Number(
    attempt(() => readFileSync(`/proc/${id}/loginuid`, "latin1")) ?? NO_LOGIN,
  );
  const cgroups = attempt(() => readFileSync(`/proc/${id}/cgroup`, "utf8")) ?? "";
  return {
    executable: attempt(() => readlinkSync(`/proc/${id}/exe`)),
    loginUid: loginUid === NO_LOGIN ? undefined : loginUid,
    unit: unitOf(cgroups),
  };
}

/**
 * The same of the process at the other end of a connection.
 *
 * @param pidfd of that process, and closed by this: a pid alone may be another process's by now
 * @returns undefined for one that has ended
 */
export function peerProcessFacts(
  libc: NativeLibrary,
  pidfd: number,
  pid: number,
): PeerProcess | undefined {
  try {
    const facts = processFacts(pid);
    // What was read was this process's if it is still there.
    return hasEnded(libc, pidfd) ? undefined : facts;
  } finally {
    closeDescriptor(libc, pidfd);
  }
}

const POLLIN = 1;

/** pidfd_open(2): a pidfd is readable once its process has ended. */
function hasEnded(libc: NativeLibrary, pidfd: number): boolean {
  const poll = libc.symbol("poll", { parameters: ["buffer", "usize", "i32"], result: "i32" });
  // struct pollfd { int fd; short events; short revents; }
  const pollfd = new Int32Array([pidfd, POLLIN]);
  return poll(new Uint8Array(pollfd.buffer), 1n, 0) !== 0;
}

/** The outermost of systemd's units, as a user may name those within his own as he likes, in the lines of /proc/PID/cgroup. */
export function unitOf(cgroups: string): string | undefined {
  const paths = cgroups.split("\n").filter((line) => /^(?:0:|\d+:name=systemd):/.test(line));
  const names = paths.flatMap((line) => line.split("/")).filter((name) => UNIT.test(name));
  return names[0];
}

const UNIT = /\.(?:service|scope)$/;

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // Gone, or not for this user's eyes.
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
