import type { WindowsServiceDefinition, WindowsServices } from "../platform.ts";
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
import { describeService, queryService } from "./service_configuration.ts";
import { failure } from "./service_error.ts";
import { lastError } from "./win32_error.ts";

const SC_MANAGER_CONNECT = 0x1;
const SC_MANAGER_CREATE_SERVICE = 0x2;
const SERVICE_QUERY = 0x1 | 0x4;
const SERVICE_ALL_ACCESS = 0xf01ff;

const SERVICE_WIN32_OWN_PROCESS = 0x10;
const SERVICE_AUTO_START = 2;
const SERVICE_ERROR_NORMAL = 1;
const SERVICE_CONTROL_STOP = 1;

const ERROR_SERVICE_DOES_NOT_EXIST = 1060;
/** ERROR_SERVICE_REQUEST_TIMEOUT, ERROR_SERVICE_DATABASE_LOCKED: as while other services start. */
const BUSY = [1053, 1055];
const ERROR_SERVICE_NOT_ACTIVE = 1062;

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
    find: (name) => on(name, SERVICE_QUERY, (service) => queryService(libraries, service)),
    create(name, definition) {
      createService(libraries, name, definition);
      registerEventSource(libraries, name);
      change(name, "describe", (service) => describeService(libraries, service, definition));
    },
    change(name, definition) {
      change(name, "change", (service) => reconfigure(libraries, service, definition));
      change(name, "describe", (service) => describeService(libraries, service, definition));
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
