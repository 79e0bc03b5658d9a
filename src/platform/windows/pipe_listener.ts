import type { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { AppError, systemErrorCode } from "../../errors.ts";
import type { PipeListener } from "../platform.ts";
import { acceptOnThread, type AcceptThreadData } from "./accept_thread.ts";
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
import { isLocalPipe, openPipe, openSocket, type PipeOptions } from "./pipe.ts";
import { privateSddl } from "./access_control.ts";
import { descriptorOfPipe, securityAttributes } from "./security_descriptor.ts";
import { isPrivileged } from "./sid.ts";
import { lastError, win32Error } from "./win32_error.ts";

const PIPE_ACCESS_DUPLEX = 0x3;
const FILE_FLAG_FIRST_PIPE_INSTANCE = 0x8_0000;
const FILE_FLAG_OVERLAPPED = 0x4000_0000;
const PIPE_REJECT_REMOTE_CLIENTS = 0x8;
const PIPE_UNLIMITED_INSTANCES = 255;
const BUFFER_OCTETS = 65_536;

const ERROR_ACCESS_DENIED = 5;
const ERROR_PIPE_BUSY = 231;

/**
 * Node could listen at a pipe, too, but everybody may read from one of its making, other hosts can
 * connect to it, and who is at the other end of a connection it does not tell. So instances are made
 * here, with their descriptor from the first instant, and Node is given their connections.
 *
 * @throws AppError ERR_DAEMON_RUNNING, ERR_FORBIDDEN, ERR_SOCKET, and ERR_USAGE for what is no pipe
 */
export function listenAtPipe(
  options: PipeOptions,
  path: string,
  onConnection: (socket: Socket) => void,
): PipeListener {
  const { libraries, user } = options;
  const attributes = securityAttributes(libraries, privateSddl(user));
  const instance = createFirst(options, path, attributes);
  const stop = createEvent(libraries);
  const workerData: AcceptThreadData = { path, instance, stop, attributes };
  const source = `(${acceptOnThread})(require("node:ffi"), require("node:worker_threads"))`;
  const thread = new Worker(source, { eval: true, workerData });
  thread.on("message", (handle: Handle) => {
    const socket = openUnlessEnded(options, handle);
    if (socket !== undefined) onConnection(socket);
  });
  return {
    async close() {
      const ended = new Promise((resolve) => thread.once("exit", resolve));
      call(libraries.kernel32, "SetEvent", ["usize"], stop);
      await ended;
    },
  };
}

/** Whoever only looks whether somebody listens has gone by now. */
function openUnlessEnded(options: PipeOptions, handle: Handle): Socket | undefined {
  try {
    return openSocket(options, { handle, isServer: true });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

function createFirst(options: PipeOptions, path: string, attributes: Uint8Array): Handle {
  const { libraries } = options;
  if (!isLocalPipe(path)) {
    throw new AppError("ERR_USAGE", `cannot listen at ${path}: it is no \\\\.\\pipe\\NAME`);
  }
  assertUnused(libraries, path);
  const instance = callForHandle(
    libraries.kernel32,
    "CreateNamedPipeW",
    ["buffer", "u32", "u32", "u32", "u32", "u32", "u32", "buffer"],
    wide(path),
    PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
    PIPE_REJECT_REMOTE_CLIENTS,
    PIPE_UNLIMITED_INSTANCES,
    BUFFER_OCTETS,
    BUFFER_OCTETS,
    0,
    attributes,
  );
  if (instance === INVALID_HANDLE) throw cannotListen(path, lastError(libraries));
  assertPrivate(options, instance, path);
  return instance;
}

/** To say what is the matter; a name in use gets nobody a first instance in any case. */
function assertUnused(libraries: WindowsLibraries, path: string): void {
  const handle = openPipe(libraries, path);
  if (handle === INVALID_HANDLE && lastError(libraries) !== ERROR_PIPE_BUSY) return;
  if (handle !== INVALID_HANDLE) closeHandle(libraries, handle);
  throw new AppError("ERR_DAEMON_RUNNING", `a daemon already listens at ${path}`);
}

/** Only administrators get a name under `ProtectedPrefix\Administrators`, or one that is in use. */
function cannotListen(path: string, error: number): AppError {
  const text = `cannot listen at ${path}`;
  const cause = win32Error(error, "CreateNamedPipeW");
  return error === ERROR_ACCESS_DENIED
    ? new AppError("ERR_FORBIDDEN", `${text}: access denied`, { cause })
    : new AppError("ERR_SOCKET", `${text}: Windows error ${error}`, { cause });
}

/** What Windows says about it is what counts. */
function assertPrivate({ libraries, user }: PipeOptions, instance: Handle, path: string): void {
  const isTrusted = (sid: string) => isPrivileged(sid) || sid === user;
  const { owner, entries } = descriptorOfPipe(libraries, instance);
  if (isTrusted(owner) && entries?.every(({ sid }) => isTrusted(sid))) return;
  closeHandle(libraries, instance);
  throw new AppError("ERR_SOCKET", `cannot listen at ${path}: others could connect to it`);
}

/** One that stays set. */
function createEvent({ kernel32 }: WindowsLibraries): Handle {
  const parameters = ["usize", "i32", "i32", "usize"] as const;
  return callForHandle(kernel32, "CreateEventW", parameters, NULL, 1, 0, NULL);
}
