import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import { systemErrorCode } from "../../errors.ts";
import { OVERFLOW_ID, type PeerCredentials } from "../../model/peer_credentials.ts";
import { opensslPkcs12Kdf } from "../openssl.ts";
import type { FileLock, Platform } from "../platform.ts";
import type { PosixProcess } from "../posix_process.ts";
import type { WindowsLibraries } from "./libraries.ts";
import { connectToPipe, type PipeEnd, type PipeOptions } from "./pipe.ts";
import { listenAtPipe } from "./pipe_listener.ts";
import { describeProcess, pipePeer, pipePeerProcess } from "./pipe_peer.ts";
import { ownToken, type ProcessToken } from "./process_token.ts";

/** libuv's request for a file that nobody else has open, or may open. */
const UV_FS_O_EXLOCK = 0x10000000;

/** Administrators who have elevated, and the system, are root; this process's user is somebody. */
const ROOT_UID = 0;
const ORDINARY_UID = 1;

/** Windows, whose security identifiers become a uid here: what they may do is all that is asked. */
export function windowsPlatform(process: PosixProcess, libraries: WindowsLibraries): Platform {
  const token = ownToken(libraries);
  const self = credentials(token?.isElevated === true, process.pid);
  const ends = new WeakMap<Socket, PipeEnd>();
  const pipes: PipeOptions = {
    libraries,
    user: token?.isElevated === false ? token.user : undefined,
    onOpen: (socket, end) => ends.set(socket, end),
  };
  return {
    self: { ...self, pid: process.pid, isConfined: false },
    knowsPeers: true,
    peerCredentials: (socket) => peerCredentials(libraries, ends.get(socket), token),
    peerProcess(socket) {
      const end = ends.get(socket);
      return end && pipePeerProcess(libraries, end);
    },
    ownProcess: () => describeProcess(libraries, process.pid),
    pipes: {
      listen: (path, onConnection) => listenAtPipe(pipes, path, onConnection),
      connect: (path) => connectToPipe(pipes, path),
    },
    sendToJournal: undefined,
    listeningPath: () => undefined,
    widenBacklog: () => undefined,
    notify: undefined,
    openLock,
    lockHolder: () => undefined,
    groupId: () => undefined,
    withMode: (_mode, bind) => bind(),
    protectMemory: () => undefined,
    hasRoom: () => true,
    releaseSpareMemory: () => undefined,
    pkcs12Kdf: opensslPkcs12Kdf(libraries.runtime),
  };
}

/** @returns undefined for anybody but administrators and this process's own user */
function peerCredentials(
  libraries: WindowsLibraries,
  end: PipeEnd | undefined,
  self: ProcessToken | undefined,
): PeerCredentials | undefined {
  const peer = end && pipePeer(libraries, end);
  if (peer === undefined || !peer.isPrivileged && peer.user !== self?.user) return undefined;
  return credentials(peer.isPrivileged, peer.pid);
}

/** There are no groups that would mean anything to an access policy. */
function credentials<Pid>(isPrivileged: boolean, pid: Pid) {
  return { uid: isPrivileged ? ROOT_UID : ORDINARY_UID, gid: OVERFLOW_ID, groups: [], pid };
}

/** The lock is the open file: nobody else can open it meanwhile, to read who has it neither. */
function openLock(path: string): FileLock {
  let descriptor: number | undefined;
  return {
    descriptor: -1,
    tryAcquire() {
      try {
        descriptor = openSync(path, UV_FS_O_EXLOCK | 0x0102, /* O_RDWR | O_CREAT */ 0o600);
        return true;
      } catch (error) {
        if (systemErrorCode(error) === "EBUSY") return false;
        throw error;
      }
    },
    // An open file without FILE_SHARE_DELETE cannot be removed.
    isInPlace: () => true,
    holder: () => undefined,
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}
