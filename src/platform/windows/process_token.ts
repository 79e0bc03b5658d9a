import {
  call,
  callForHandle,
  closeHandle,
  type Handle,
  NULL,
  octetsOf,
  room,
  type WindowsLibraries,
} from "./libraries.ts";
import { readSid } from "./security_descriptor.ts";
import { SID } from "./sid.ts";

/** As whom a process runs. */
export interface ProcessToken {
  readonly user: string;
  /** Whether it may do what administrators may: without elevation their group is there for denials. */
  readonly isElevated: boolean;
}

const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const TOKEN_QUERY = 0x8;
const TOKEN_USER = 1;
const TOKEN_GROUPS = 2;
const SE_GROUP_ENABLED = 0x4;

/** The current process, by a handle that is none and needs no closing. */
const OWN_PROCESS: Handle = 0xffff_ffff_ffff_ffffn;

/** @returns undefined where it cannot be told */
export function ownToken(libraries: WindowsLibraries): ProcessToken | undefined {
  return tokenOf(libraries, OWN_PROCESS);
}

/** Does something with a process that runs; undefined where it does not, or is closed to this one. */
export function withProcess<T>(
  libraries: WindowsLibraries,
  pid: number,
  work: (process: Handle) => T,
): T | undefined {
  const process = callForHandle(
    libraries.kernel32,
    "OpenProcess",
    ["u32", "i32", "u32"],
    PROCESS_QUERY_LIMITED_INFORMATION,
    0,
    pid,
  );
  if (process === NULL) return undefined;
  try {
    return work(process);
  } finally {
    closeHandle(libraries, process);
  }
}

/** Of a process that was opened by {@link withProcess}. */
export function tokenOf(libraries: WindowsLibraries, process: Handle): ProcessToken | undefined {
  const { advapi32 } = libraries;
  const handle = room(8);
  const parameters = ["usize", "u32", "buffer"] as const;
  const out = octetsOf(handle);
  if (call(advapi32, "OpenProcessToken", parameters, process, TOKEN_QUERY, out) === 0) {
    return undefined;
  }
  const token = handle.getBigUint64(0, true);
  try {
    return readToken(libraries, token);
  } finally {
    closeHandle(libraries, token);
  }
}

/** The path of what a process runs. */
export function executableOf({ kernel32 }: WindowsLibraries, process: Handle): string | undefined {
  const path = room(64 * 1024);
  const length = room(4);
  length.setUint32(0, path.byteLength / 2, true);
  const isTold = call(
    kernel32,
    "QueryFullProcessImageNameW",
    ["usize", "u32", "buffer", "buffer"],
    process,
    0,
    octetsOf(path),
    octetsOf(length),
  );
  if (isTold === 0) return undefined;
  return Buffer.from(octetsOf(path)).toString("utf16le", 0, 2 * length.getUint32(0, true));
}

function readToken(libraries: WindowsLibraries, token: Handle): ProcessToken | undefined {
  const user = tokenInformation(libraries, token, TOKEN_USER);
  const groups = tokenInformation(libraries, token, TOKEN_GROUPS);
  if (user === undefined || groups === undefined) return undefined;
  const sidAt = (view: DataView, at: number) =>
    readSid(libraries.readMemory, view.getBigUint64(at, true));
  const own = sidAt(user, 0);
  let isElevated = own === SID.system;
  // winnt.h: struct { DWORD GroupCount; struct { PSID Sid; DWORD Attributes; } Groups[]; }
  for (let index = 0; index < groups.getUint32(0, true); index++) {
    const at = 8 + 16 * index;
    const isEnabled = (groups.getUint32(at + 8, true) & SE_GROUP_ENABLED) !== 0;
    isElevated ||= isEnabled && sidAt(groups, at) === SID.administrators;
  }
  return { user: own, isElevated };
}

/** What is in there points to other parts of it. */
function tokenInformation(
  { advapi32 }: WindowsLibraries,
  token: Handle,
  kind: number,
): DataView | undefined {
  const ask = (view: DataView, length: DataView) =>
    call(
      advapi32,
      "GetTokenInformation",
      ["usize", "i32", "buffer", "u32", "buffer"],
      token,
      kind,
      octetsOf(view),
      view.byteLength,
      octetsOf(length),
    );
  const length = room(4);
  ask(room(0), length);
  const view = room(length.getUint32(0, true));
  return ask(view, length) === 0 ? undefined : view;
}
