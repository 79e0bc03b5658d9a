import { closeSync, openSync } from "node:fs";
import { systemErrorCode } from "../errors.ts";
import type { FileLock, Platform } from "./platform.ts";
import type { PosixProcess } from "./posix_process.ts";

/** libuv's request for a file that nobody else has open, or may open. */
const UV_FS_O_EXLOCK = 0x10000000;

/**
 * Windows, as far as commands in process need it. Access to a keystore's file is what its access
 * control list says, so the process counts as its administrator; peers on a pipe are not told
 * apart yet, so none of them gets in.
 */
export function windowsPlatform(process: PosixProcess): Platform {
  return {
    self: { uid: 0, gid: 0, groups: [], pid: process.pid, isConfined: false },
    knowsPeers: false,
    peerCredentials: () => undefined,
    peerProcess: () => undefined,
    ownProcess: () => undefined,
    sendToJournal: undefined,
    listeningPath: () => undefined,
    widenBacklog: () => undefined,
    notify: undefined,
    openLock,
    lockHolder: () => undefined,
    groupId: () => undefined,
    withMode: (_mode, bind) => bind(),
    protectMemory: () => undefined,
    releaseSpareMemory: () => undefined,
    pkcs12Kdf: undefined,
  };
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
