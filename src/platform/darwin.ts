import type { PeerCredentials } from "../model/peer_credentials.ts";
import type { NativeLibrary } from "./native_library.ts";
import type { Platform } from "./platform.ts";
import { forbidCoreDumps, posixPlatform } from "./posix.ts";
import { type PosixProcess, processIdentity } from "./posix_process.ts";
import { socketDescriptor } from "./socket_descriptor.ts";

// <sys/un.h>
const SOL_LOCAL = 0;
const LOCAL_PEERCRED = 1;
const LOCAL_PEERPID = 2;
const XUCRED_BYTES = 76;
const XUCRED_VERSION = 0;

export function darwinPlatform(process: PosixProcess, libc: NativeLibrary): Platform {
  return {
    ...posixPlatform(process, libc, "__error"),
    self: { ...processIdentity(process), isConfined: false },
    peerCredentials: (socket) => peerCredentials(libc, socketDescriptor(socket)),
    peerProcess: () => undefined,
    ownProcess: () => undefined,
    sendToJournal: undefined,
    listeningPath: () => undefined,
    widenBacklog: () => undefined,
    notify: undefined,
    protectMemory: () => forbidCoreDumps(libc),
  };
}

/**
 * unix(4): struct xucred { u_int cr_version; uid_t cr_uid; short cr_ngroups; gid_t cr_groups[16]; },
 * whose first group is the primary one. A peer in more than 16 groups shows only 16 of them.
 */
function peerCredentials(libc: NativeLibrary, descriptor: number): PeerCredentials | undefined {
  const xucred = socketOption(libc, descriptor, LOCAL_PEERCRED, XUCRED_BYTES);
  if (xucred === undefined || xucred.getUint32(0, true) !== XUCRED_VERSION) return undefined;
  const count = Math.min(xucred.getInt16(8, true), 16);
  const groups = Array.from({ length: count }, (_, i) => xucred.getUint32(12 + 4 * i, true));
  const [gid] = groups;
  if (gid === undefined) return undefined;
  const pid = socketOption(libc, descriptor, LOCAL_PEERPID, 4)?.getInt32(0, true);
  return { uid: xucred.getUint32(4, true), gid, groups, pid };
}

function socketOption(
  libc: NativeLibrary,
  descriptor: number,
  option: number,
  bytes: number,
): DataView | undefined {
  const getsockopt = libc.symbol("getsockopt", {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  });
  const value = new Uint8Array(bytes);
  const length = new Uint8Array(Uint32Array.of(bytes).buffer);
  const status = getsockopt(descriptor, SOL_LOCAL, option, value, length);
  return status === 0 ? new DataView(value.buffer) : undefined;
}
