import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { ServiceControl } from "../platform.ts";
import { reportEvent } from "./event_log.ts";
import {
  call,
  callForHandle,
  type Handle,
  NULL,
  octetsOf,
  room,
  wide,
  type WindowsLibraries,
} from "./libraries.ts";

/** SERVICE_… states */
const STOPPED = 1;
const START_PENDING = 2;
const STOP_PENDING = 3;
const RUNNING = 4;

/** SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN */
const ACCEPTED = 0x1 | 0x4;
const SERVICE_WIN32_OWN_PROCESS = 0x10;
const ERROR_SERVICE_SPECIFIC_ERROR = 1066;

const WAIT_HINT_MS = 30_000;
const REGISTER_EVERY_MS = 5;
const LOOK_EVERY_MS = 100;

/**
 * The error mode that libuv gives the process: no dialogues. The bit for failed critical errors is
 * SERVICE_CONTROL_STOP, too, so what tells them apart is the last bit.
 */
const OWN_MODE = 0x8003;
const IS_OWN = 0x8000;
/** Of SERVICE_CONTROL_STOP (1) and SERVICE_CONTROL_SHUTDOWN (5), and not of SERVICE_CONTROL_INTERROGATE (4). */
const IS_END = 0x1;

/**
 * Attaches to the service manager, where that has started this process.
 *
 * It needs two functions to call, on threads of which the documentation names one and Wine takes
 * another, and JavaScript can be called on its own thread alone. So they are functions of Windows. That
 * of the service itself does nothing. The one that takes controls is SetErrorMode, which keeps the
 * number that it is called with, a control, until somebody looks: whoever sets the mode is told the one
 * before, and so none is overlooked between the look and the reset.
 *
 * @returns undefined for a process that somebody else has started
 */
export async function attachToServiceManager(
  libraries: WindowsLibraries,
  name: string,
): Promise<ServiceControl | undefined> {
  const source = `(${dispatchOnThread})(require("node:ffi"), require("node:worker_threads"))`;
  const thread = new Worker(source, { eval: true, workerData: { name } });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) =>
    thread.once("exit", () => {
      hasEnded = true;
      resolve();
    })
  );
  setErrorMode(libraries);
  for (;;) {
    const status = registerHandler(libraries, name);
    if (status !== NULL) {
      const report = (text: string) => reportEvent(libraries, name, text);
      return { ...serviceControl(libraries, status, ended), report };
    }
    if (hasEnded) return undefined;
    await Promise.race([ended, sleep(REGISTER_EVERY_MS)]);
  }
}

function serviceControl(
  libraries: WindowsLibraries,
  status: Handle,
  ended: Promise<void>,
): Omit<ServiceControl, "report"> {
  let state = START_PENDING;
  const tell = (next: number, exitStatus = 0) => {
    state = next;
    setServiceStatus(libraries, status, next, exitStatus);
  };
  tell(START_PENDING);
  const stopRequested = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const mode = setErrorMode(libraries);
      if (state === STOPPED) clearInterval(timer);
      else if ((mode & IS_OWN) === 0 && (mode & IS_END) !== 0) {
        clearInterval(timer);
        tell(STOP_PENDING);
        resolve();
      }
    }, LOOK_EVERY_MS);
  });
  return {
    stopRequested,
    running: () => tell(RUNNING),
    async stopped(exitStatus) {
      tell(STOPPED, exitStatus);
      // The manager lets go of the thread; while it has it, the process could not end.
      await ended;
    },
  };
}

/** @returns the one before */
function setErrorMode({ kernel32 }: WindowsLibraries): number {
  return call(kernel32, "SetErrorMode", ["u32"], OWN_MODE);
}

/** @returns NULL as long as the service manager does not know of this process */
function registerHandler({ advapi32, kernel32 }: WindowsLibraries, name: string): Handle {
  const handler = kernel32.address("SetErrorMode");
  const parameters = ["buffer", "usize"] as const;
  return callForHandle(
    advapi32,
    "RegisterServiceCtrlHandlerW",
    parameters,
    wide(name),
    handler,
  );
}

/** winsvc.h: struct SERVICE_STATUS of seven DWORDs */
function setServiceStatus(
  { advapi32 }: WindowsLibraries,
  handle: Handle,
  state: number,
  exitStatus: number,
): void {
  const isPending = state === START_PENDING || state === STOP_PENDING;
  const status = room(28);
  [
    SERVICE_WIN32_OWN_PROCESS,
    state,
    state === RUNNING ? ACCEPTED : 0,
    exitStatus === 0 ? 0 : ERROR_SERVICE_SPECIFIC_ERROR,
    exitStatus,
    isPending ? 1 : 0,
    isPending ? WAIT_HINT_MS : 0,
  ].forEach((value, index) => status.setUint32(4 * index, value, true));
  call(advapi32, "SetServiceStatus", ["usize", "buffer"], handle, octetsOf(status));
}

/**
 * Runs in a thread of its own from the text of its source, so nothing outside of this function is
 * there: StartServiceCtrlDispatcherW keeps the thread until the service has stopped, or does not begin
 * where the process is none.
 */
function dispatchOnThread(
  ffi: typeof import("node:ffi"),
  { workerData }: typeof import("node:worker_threads"),
): void {
  const { lib: advapi32 } = ffi.dlopen("advapi32.dll");
  const { lib: kernel32 } = ffi.dlopen("kernel32.dll");
  const start = advapi32.getFunction("StartServiceCtrlDispatcherW", {
    arguments: ["pointer"],
    return: "i32",
  });
  const name = Buffer.from(new ArrayBuffer(512));
  name.write(`${workerData.name}\0`, "utf16le");
  // winsvc.h: struct SERVICE_TABLE_ENTRY { LPWSTR lpServiceName; LPSERVICE_MAIN_FUNCTION lpServiceProc; }
  const table = new BigUint64Array(new ArrayBuffer(128), 0, 4);
  table.set([ffi.getRawPointer(name), kernel32.getSymbol("SetLastError"), 0n, 0n]);
  start(table);
}
