import type { Socket } from "node:net";
import { OVERFLOW_ID, type PeerCredentials } from "../../model/peer_credentials.ts";
import { opensslPkcs12Kdf } from "../openssl.ts";
import type { Platform } from "../platform.ts";
import type { PosixProcess } from "../posix_process.ts";
import { guardedFiles } from "./files.ts";
import type { WindowsLibraries } from "./libraries.ts";
import { lockHolder, openLock } from "./lock.ts";
import { connectToPipe, type PipeEnd, type PipeOptions } from "./pipe.ts";
import { listenAtPipe } from "./pipe_listener.ts";
import { describeProcess, pipePeer, pipePeerProcess } from "./pipe_peer.ts";
import { attachToServiceManager } from "./service_control.ts";
import { windowsServices } from "./service_manager.ts";
import { ownToken, type ProcessToken } from "./process_token.ts";

/** Administrators who have elevated, and the system, are root; this process's user is somebody. */
const ROOT_UID = 0;
const ORDINARY_UID = 1;

/** Windows, whose security identifiers become a uid here: what they may do is all that is asked. */
export function windowsPlatform(process: PosixProcess, libraries: WindowsLibraries): Platform {
  const token = ownToken(libraries);
  const self = credentials(token?.isElevated === true, process.pid);
  const files = { libraries, user: token?.user, uid: self.uid };
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
    elevation: "run it from an elevated prompt, which 'Run as administrator' opens",
    services: {
      ...windowsServices(libraries),
      attach: (name) => attachToServiceManager(libraries, name),
    },
    sendToJournal: undefined,
    listeningPath: () => undefined,
    widenBacklog: () => undefined,
    notify: undefined,
    openLock: (path) => openLock(path, process.pid, files),
    lockHolder,
    guardedFiles: guardedFiles(files),
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
