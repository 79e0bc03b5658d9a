import type { WindowsService, WindowsServiceDefinition } from "../platform.ts";
import { call, type Handle, octetsOf, room, wide, type WindowsLibraries } from "./libraries.ts";
import { failure } from "./service_error.ts";
import { lastError } from "./win32_error.ts";

const SERVICE_AUTO_START = 2;

/** SERVICE_CONFIG_… */
const DESCRIPTION = 1;
const FAILURE_ACTIONS = 2;
const FAILURE_ACTIONS_FLAG = 4;

const SC_ACTION_RESTART = 1;
const RESTART_AFTER_MS = 1_000;
const FORGET_FAILURES_AFTER_S = 86_400;

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

/** What it is, and that it is started again whenever it ends by itself. */
export function describeService(
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

export function queryService(libraries: WindowsLibraries, service: Handle): WindowsService {
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
