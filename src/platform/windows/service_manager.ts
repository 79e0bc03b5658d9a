import { AppError } from "../../errors.ts";
import type { WindowsService, WindowsServiceDefinition, WindowsServices } from "../platform.ts";
import { forgetEventSource, registerEventSource } from "./event_log.ts";
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
import { lastError } from "./win32_error.ts";

const SC_MANAGER_CONNECT = 0x1;
const SC_MANAGER_CREATE_SERVICE = 0x2;
const SERVICE_QUERY = 0x1 | 0x4;
const SERVICE_ALL_ACCESS = 0xf01ff;

const SERVICE_WIN32_OWN_PROCESS = 0x10;
const SERVICE_AUTO_START = 2;
const SERVICE_ERROR_NORMAL = 1;
const SERVICE_CONTROL_STOP = 1;

/** SERVICE_CONFIG_… */
const DESCRIPTION = 1;
const FAILURE_ACTIONS = 2;
const FAILURE_ACTIONS_FLAG = 4;

const SC_ACTION_RESTART = 1;
const RESTART_AFTER_MS = 1_000;
const FORGET_FAILURES_AFTER_S = 86_400;

const ERROR_ACCESS_DENIED = 5;
const ERROR_SERVICE_DOES_NOT_EXIST = 1060;
/** ERROR_SERVICE_REQUEST_TIMEOUT, ERROR_SERVICE_DATABASE_LOCKED: as while other services start. */
const BUSY = [1053, 1055];
const ERROR_SERVICE_NOT_ACTIVE = 1062;

const STATES = [
  "unknown",
  "stopped",
  "starting",
  "stopping",
  "running",
  "continuing",
  "pausing",
  "paused",
];

/** The service control manager. Every call throws AppError ERR_SERVICE, or ERR_FORBIDDEN. */
export function windowsServices(libraries: WindowsLibraries): Omit<WindowsServices, "attach"> {
  const on = <T>(name: string, access: number, work: (service: Handle) => T) =>
    withService(libraries, name, access, work);
  const change = (name: string, what: string, work: (service: Handle) => number) => {
    const isDone = on(
      name,
      SERVICE_ALL_ACCESS,
      (service) => succeeds(libraries, what, work(service)),
    );
    if (isDone === undefined) throw failure(what, ERROR_SERVICE_DOES_NOT_EXIST);
  };
  const { advapi32 } = libraries;
  return {
    find: (name) => on(name, SERVICE_QUERY, (service) => query(libraries, service)),
    create(name, definition) {
      createService(libraries, name, definition);
      registerEventSource(libraries, name);
      change(name, "describe", (service) => describe(libraries, service, definition));
    },
    change(name, definition) {
      change(name, "change", (service) => reconfigure(libraries, service, definition));
      change(name, "describe", (service) => describe(libraries, service, definition));
    },
    start(name) {
      const parameters = ["usize", "u32", "usize"] as const;
      const isStarted = on(name, SERVICE_ALL_ACCESS, (service) => {
        if (call(advapi32, "StartServiceW", parameters, service, 0, NULL) !== 0) return true;
        const error = lastError(libraries);
        if (BUSY.includes(error)) return false;
        throw failure("start", error);
      });
      if (isStarted === undefined) throw failure("start", ERROR_SERVICE_DOES_NOT_EXIST);
      return isStarted;
    },
    stop(name) {
      change(name, "stop", (service) => {
        const status = octetsOf(room(28));
        const parameters = ["usize", "u32", "buffer"] as const;
        return call(advapi32, "ControlService", parameters, service, SERVICE_CONTROL_STOP, status);
      });
    },
    remove(name) {
      change(name, "remove", (service) => call(advapi32, "DeleteService", ["usize"], service));
      forgetEventSource(libraries, name);
    },
  };
}

/** @returns undefined where there is no such service */
function withService<T>(
  libraries: WindowsLibraries,
  name: string,
  access: number,
  work: (service: Handle) => T,
): T | undefined {
  const { advapi32 } = libraries;
  return withManager(libraries, SC_MANAGER_CONNECT, (manager) => {
    const parameters = ["usize", "buffer", "u32"] as const;
    const service = callForHandle(
      advapi32,
      "OpenServiceW",
      parameters,
      manager,
      wide(name),
      access,
    );
    if (service === NULL) {
      const error = lastError(libraries);
      if (error === ERROR_SERVICE_DOES_NOT_EXIST) return undefined;
      throw failure("open", error);
    }
    try {
      return work(service);
    } finally {
      call(advapi32, "CloseServiceHandle", ["usize"], service);
    }
  });
}

function withManager<T>(
  libraries: WindowsLibraries,
  access: number,
  work: (manager: Handle) => T,
): T {
  const { advapi32 } = libraries;
  const parameters = ["usize", "usize", "u32"] as const;
  const manager = callForHandle(advapi32, "OpenSCManagerW", parameters, NULL, NULL, access);
  if (manager === NULL) throw failure("open the service manager for", lastError(libraries));
  try {
    return work(manager);
  } finally {
    call(advapi32, "CloseServiceHandle", ["usize"], manager);
  }
}

function succeeds(libraries: WindowsLibraries, what: string, result: number): true {
  if (result !== 0) return true;
  const error = lastError(libraries);
  // Somebody else was faster.
  if (what === "stop" && error === ERROR_SERVICE_NOT_ACTIVE) return true;
  throw failure(what, error);
}

function failure(what: string, error: number): AppError {
  if (error === ERROR_ACCESS_DENIED) {
    const text = "administrator privileges are required to change services";
    return new AppError("ERR_FORBIDDEN", text);
  }
  return new AppError("ERR_SERVICE", `cannot ${what} the service: Windows error ${error}`);
}

function createService(
  libraries: WindowsLibraries,
  name: string,
  { displayName, commandLine }: WindowsServiceDefinition,
): void {
  const access = SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE;
  withManager(libraries, access, (manager) => {
    // As LocalSystem, as nobody else is named.
    const service = callForHandle(
      libraries.advapi32,
      "CreateServiceW",
      ["usize", "buffer", "buffer", "u32", "u32", "u32", "u32", "buffer", ...FIVE_POINTERS],
      manager,
      wide(name),
      wide(displayName),
      SERVICE_ALL_ACCESS,
      SERVICE_WIN32_OWN_PROCESS,
      SERVICE_AUTO_START,
      SERVICE_ERROR_NORMAL,
      wide(commandLine),
      ...FIVE_NULLS,
    );
    if (service === NULL) throw failure("create", lastError(libraries));
    call(libraries.advapi32, "CloseServiceHandle", ["usize"], service);
  });
}

const FIVE_POINTERS = ["usize", "usize", "usize", "usize", "usize"] as const;
const FIVE_NULLS = [NULL, NULL, NULL, NULL, NULL] as const;

function reconfigure(
  { advapi32 }: WindowsLibraries,
  service: Handle,
  { displayName, commandLine }: WindowsServiceDefinition,
): number {
  return call(
    advapi32,
    "ChangeServiceConfigW",
    ["usize", "u32", "u32", "u32", "buffer", ...FIVE_POINTERS, "buffer"],
    service,
    SERVICE_WIN32_OWN_PROCESS,
    SERVICE_AUTO_START,
    SERVICE_ERROR_NORMAL,
    wide(commandLine),
    ...FIVE_NULLS,
    wide(displayName),
  );
}

/** What it is, and that it is started again whenever it ends by itself. */
function describe(
  libraries: WindowsLibraries,
  service: Handle,
  { description }: WindowsServiceDefinition,
): number {
  const { advapi32, addressOf } = libraries;
  const set = (kind: number, value: DataView) => {
    const parameters = ["usize", "u32", "buffer"] as const;
    return call(advapi32, "ChangeServiceConfig2W", parameters, service, kind, octetsOf(value));
  };
  const text = room(2 * description.length + 2);
  octetsOf(text).set(wide(description));
  const pointer = room(8);
  pointer.setBigUint64(0, addressOf(octetsOf(text)), true);
  // winsvc.h: struct SC_ACTION { SC_ACTION_TYPE Type; DWORD Delay; }
  const action = room(8);
  action.setUint32(0, SC_ACTION_RESTART, true);
  action.setUint32(4, RESTART_AFTER_MS, true);
  // struct SERVICE_FAILURE_ACTIONS { DWORD dwResetPeriod; LPWSTR, LPWSTR; DWORD cActions; SC_ACTION *; }
  const failureActions = room(40);
  failureActions.setUint32(0, FORGET_FAILURES_AFTER_S, true);
  failureActions.setUint32(24, 1, true);
  failureActions.setBigUint64(32, addressOf(octetsOf(action)), true);
  const flag = room(4);
  flag.setUint32(0, 1, true);
  // Wine does not know the last one.
  set(FAILURE_ACTIONS_FLAG, flag);
  return set(DESCRIPTION, pointer) && set(FAILURE_ACTIONS, failureActions);
}

function query(libraries: WindowsLibraries, service: Handle): WindowsService {
  const { advapi32 } = libraries;
  // winsvc.h: struct SERVICE_STATUS_PROCESS { DWORD dwServiceType, dwCurrentState, …, dwProcessId, …; }
  const status = room(36);
  const needed = octetsOf(room(4));
  const isTold = call(
    advapi32,
    "QueryServiceStatusEx",
    ["usize", "i32", "buffer", "u32", "buffer"],
    service,
    0,
    octetsOf(status),
    status.byteLength,
    needed,
  );
  if (isTold === 0) throw failure("query", lastError(libraries));
  const [state, pid] = [status.getUint32(4, true), status.getUint32(28, true)];
  return {
    ...queryConfiguration(libraries, service),
    state: STATES[state] ?? "unknown",
    pid: pid === 0 ? undefined : pid,
  };
}

/** winsvc.h: struct QUERY_SERVICE_CONFIG { DWORD dwServiceType, dwStartType, …; LPWSTR lpBinaryPathName, …; } */
function queryConfiguration(
  libraries: WindowsLibraries,
  service: Handle,
): Pick<WindowsService, "commandLine" | "isAutomatic"> {
  const { advapi32, readMemory } = libraries;
  const configuration = room(8_192);
  const isTold = call(
    advapi32,
    "QueryServiceConfigW",
    ["usize", "buffer", "u32", "buffer"],
    service,
    octetsOf(configuration),
    configuration.byteLength,
    octetsOf(room(4)),
  );
  if (isTold === 0) throw failure("query", lastError(libraries));
  const path = configuration.getBigUint64(16, true);
  let length = 0;
  while (new DataView(readMemory(path + BigInt(2 * length), 2).slice().buffer).getUint16(0) !== 0) {
    length++;
  }
  return {
    commandLine: Buffer.from(readMemory(path, 2 * length)).toString("utf16le"),
    isAutomatic: configuration.getUint32(4, true) === SERVICE_AUTO_START,
  };
}
