import { readFileSync } from "node:fs";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";
import type { NativeLibrary } from "./native_library.ts";
import type { Platform } from "./platform.ts";
import { sendDatagram } from "./datagram.ts";
import { sendToJournal } from "./journal.ts";
import { listeningPath, widenBacklog } from "./listening_socket.ts";
import { peerProcessFacts, processFacts } from "./peer_process.ts";
import { forbidCoreDumps, posixErrno, posixPlatform } from "./posix.ts";
import { type PosixProcess, processIdentity } from "./posix_process.ts";
import { socketDescriptor } from "./socket_descriptor.ts";
import { socketOption } from "./socket_option.ts";

// <asm-generic/socket.h>; the same on x86-64 and arm64.
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
/** Since Linux 6.5. */
const SO_PEERPIDFD = 77;
const PR_SET_DUMPABLE = 4;
const MAX_GROUPS = 65536;

export function linuxPlatform(process: PosixProcess, libc: NativeLibrary): Platform {
  const errno = posixErrno(libc, ERRNO);
  return {
    ...posixPlatform(process, libc, ERRNO),
    self: { ...processIdentity(process), isConfined: isConfined() },
    peerCredentials: (socket) => peerCredentials(libc, socketDescriptor(socket)),
    peerProcess: (socket) => peerProcess(libc, socketDescriptor(socket)),
    ownProcess: () => processFacts("self"),
    sendToJournal: (path, entry) => sendToJournal(libc, errno, path, entry),
    listeningPath: (descriptor) => listeningPath(libc, descriptor),
    widenBacklog: (descriptor, backlog) => widenBacklog(libc, descriptor, backlog),
    notify: (path, state) => sendDatagram(libc, errno, path, Buffer.from(state, "utf8")) === 0,
    protectMemory() {
      forbidCoreDumps(libc);
      const prctl = libc.symbol("prctl", {
        parameters: ["i32", "usize", "usize", "usize", "usize"],
        result: "i32",
      });
      prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
    },
  };
}

const ERRNO = "__errno_location";

/** The pidfd is of the process that called connect(2), whoever has its pid by now. */
function peerProcess(libc: NativeLibrary, descriptor: number): PeerProcess | undefined {
  const [pidfd] = socketOption(libc, descriptor, SO_PEERPIDFD, 4) ?? [];
  if (pidfd === undefined) return undefined;
  const [pid = 0] = socketOption(libc, descriptor, SO_PEERCRED, 12) ?? [];
  return peerProcessFacts(libc, pidfd, pid);
}

/** unix(7): what the kernel noted when the peer called connect(2). */
function peerCredentials(libc: NativeLibrary, descriptor: number): PeerCredentials | undefined {
  // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
  const ucred = socketOption(libc, descriptor, SO_PEERCRED, 12);
  const [pid, uid, gid] = ucred ?? [];
  if (ucred?.length !== 3 || pid === undefined || uid === undefined || gid === undefined) {
    return undefined;
  }
  // A buffer that is too small fails, so the rare large answer costs a second call.
  const groups = socketOption(libc, descriptor, SO_PEERGROUPS, 4 * 64) ??
    socketOption(libc, descriptor, SO_PEERGROUPS, 4 * MAX_GROUPS);
  if (groups === undefined) return undefined;
  return { uid, gid, groups, pid: pid === 0 ? undefined : pid };
}

/** Whether this process sees other users' identities through a user namespace's partial map. */
function isConfined(): boolean {
  try {
    return readFileSync("/proc/self/uid_map", "latin1").trim().split(/\s+/).join(" ") !==
      "0 0 4294967295";
  } catch {
    return false; // no /proc, or a kernel without user namespaces
  }
}
