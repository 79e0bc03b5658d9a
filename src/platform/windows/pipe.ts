import { closeSync } from "node:fs";
import { Socket } from "node:net";
import {
  call,
  callForHandle,
  closeHandle,
  type Handle,
  INVALID_HANDLE,
  NULL,
  wide,
  type WindowsLibraries,
} from "./libraries.ts";
import { lastError, win32Error } from "./win32_error.ts";

/** A connection as the kernel has it, and which end of it is ours. */
export interface PipeEnd {
  readonly handle: Handle;
  readonly isServer: boolean;
}

export interface PipeOptions {
  readonly libraries: WindowsLibraries;
  /** Who may connect besides administrators: an ordinary user, who serves himself. */
  readonly user: string | undefined;
  readonly onOpen: (socket: Socket, end: PipeEnd) => void;
}

const GENERIC_READ_AND_WRITE = 0xc000_0000;
const OPEN_EXISTING = 3;
const FILE_FLAG_OVERLAPPED = 0x4000_0000;
/** SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION: a server may know whom it serves, not act as it. */
const IDENTIFICATION_ONLY = 0x11_0000;

const ERROR_FILE_NOT_FOUND = 2;
const ERROR_BROKEN_PIPE = 109;

/** Other hosts' pipes have the host in place of the dot. */
export function isLocalPipe(path: string): boolean {
  return /^\\\\[.?]\\pipe\\./i.test(path);
}

/** @throws an error like Node's own about a pipe that cannot be opened */
export function connectToPipe(options: PipeOptions, path: string): Socket {
  if (!isLocalPipe(path)) throw win32Error(ERROR_FILE_NOT_FOUND, "connect");
  const handle = openPipe(options.libraries, path);
  if (handle === INVALID_HANDLE) throw win32Error(lastError(options.libraries), "connect");
  return openSocket(options, { handle, isServer: false });
}

/** @returns INVALID_HANDLE where that is not possible */
export function openPipe({ kernel32 }: WindowsLibraries, path: string): Handle {
  return callForHandle(
    kernel32,
    "CreateFileW",
    ["buffer", "u32", "u32", "buffer", "u32", "u32", "usize"],
    wide(path),
    GENERIC_READ_AND_WRITE,
    0,
    NULL,
    OPEN_EXISTING,
    FILE_FLAG_OVERLAPPED | IDENTIFICATION_ONLY,
    NULL,
  );
}

/**
 * Node's own functions close the handle from here on.
 *
 * @throws an error for a connection that has ended already
 */
export function openSocket({ libraries, onOpen }: PipeOptions, end: PipeEnd): Socket {
  const descriptor = call(libraries.runtime, "uv_open_osfhandle", ["usize"], end.handle);
  if (descriptor < 0) {
    closeHandle(libraries, end.handle);
    throw win32Error(/* ERROR_TOO_MANY_OPEN_FILES */ 4, "uv_open_osfhandle");
  }
  const socket = socketOf(descriptor);
  onOpen(socket, end);
  return socket;
}

function socketOf(descriptor: number): Socket {
  try {
    return new Socket({ fd: descriptor, readable: true, writable: true });
  } catch (cause) {
    closeSync(descriptor);
    throw Object.assign(win32Error(ERROR_BROKEN_PIPE, "open"), { cause });
  }
}
