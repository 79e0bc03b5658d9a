import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, systemErrorCode } from "../../errors.ts";
import { OVERFLOW_ID } from "../../model/peer_credentials.ts";
import type { GuardedFileFacts, GuardedFiles } from "../platform.ts";
import { modeOf, privateSddl } from "./access_control.ts";
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
import {
  descriptorOfFile,
  type SecurityDescriptor,
  withSecurityAttributes,
} from "./security_descriptor.ts";
import { isPrivileged, SID } from "./sid.ts";
import { lastError, win32Error } from "./win32_error.ts";

export interface FilesOptions {
  readonly libraries: WindowsLibraries;
  /** As whom this process runs; undefined where that is not known. */
  readonly user: string | undefined;
  readonly uid: number;
}

export interface OpenFileOptions {
  /** FILE_SHARE_…: what others may do with the file meanwhile. */
  readonly sharing: number;
  readonly disposition: number;
  readonly sddl: string;
}

export const SHARE_ALL = 0x7;
export const SHARE_READING = 0x1;
export const CREATE_NEW = 1;
export const OPEN_ALWAYS = 4;

const GENERIC_READ_AND_WRITE = 0xc000_0000;
/** FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT: no link is followed. */
const PLAIN = 0x80 | 0x20_0000;

export function guardedFiles(options: FilesOptions): GuardedFiles {
  const { libraries } = options;
  return {
    create(path, like) {
      const sddl = privateSddl(ordinaryUser(options), { like: descriptorIfThere(libraries, like) });
      return openFile(libraries, path, { sharing: SHARE_ALL, disposition: CREATE_NEW, sddl });
    },
    createFolder(path) {
      if (!existsSync(path)) createPrivateFolder(options, path);
      for (const folder of [path, dirname(path)]) assertTrusted(options, folder);
    },
    inspect: (path) => inspect(options, path),
    privateRemedy(path) {
      const rights = statSync(path).isDirectory() ? "(OI)(CI)F" : "F";
      const grants = [SID.system, SID.administrators].map((sid) => `"*${sid}:${rights}"`);
      return `icacls "${path}" /inheritance:r /grant:r ${grants.join(" ")}`;
    },
  };
}

/**
 * Opens a file, with this security descriptor if it is created.
 *
 * @returns a descriptor for `node:fs`; @throws the system's error
 */
export function openFile(
  libraries: WindowsLibraries,
  path: string,
  { sharing, disposition, sddl }: OpenFileOptions,
): number {
  const handle = withSecurityAttributes(libraries, sddl, (attributes) =>
    callForHandle(
      libraries.kernel32,
      "CreateFileW",
      ["buffer", "u32", "u32", "buffer", "u32", "u32", "usize"],
      wide(path),
      GENERIC_READ_AND_WRITE,
      sharing,
      attributes,
      disposition,
      PLAIN,
      NULL,
    ));
  if (handle === INVALID_HANDLE) throw win32Error(lastError(libraries), "open");
  return descriptorOf(libraries, handle);
}

/** Who is let in beside administrators. */
export function ordinaryUser({ user, uid }: FilesOptions): string | undefined {
  return uid === 0 ? undefined : user;
}

function descriptorOf(libraries: WindowsLibraries, handle: Handle): number {
  const descriptor = call(libraries.runtime, "uv_open_osfhandle", ["usize"], handle);
  if (descriptor >= 0) return descriptor;
  closeHandle(libraries, handle);
  throw win32Error(/* ERROR_TOO_MANY_OPEN_FILES */ 4, "open");
}

function createPrivateFolder(options: FilesOptions, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const { libraries } = options;
  const sddl = privateSddl(ordinaryUser(options), { inherits: true });
  const parameters = ["buffer", "buffer"] as const;
  const isCreated = withSecurityAttributes(
    libraries,
    sddl,
    (attributes) =>
      call(libraries.kernel32, "CreateDirectoryW", parameters, wide(path), attributes),
  );
  if (isCreated === 0) throw win32Error(lastError(libraries), "mkdir");
}

/** Whoever owns a folder can put another one in the place of what is in it. */
function assertTrusted(options: FilesOptions, folder: string): void {
  const facts = inspect(options, folder);
  if (facts === undefined || facts.uid === 0 || facts.uid === options.uid) return;
  const text =
    `the folder ${folder} belongs to somebody who is no administrator, and could replace ` +
    `what is in it: takeown /a /r /f "${folder}"`;
  throw new AppError("ERR_KEYSTORE_IO", text);
}

function inspect(options: FilesOptions, path: string): GuardedFileFacts | undefined {
  const descriptor = descriptorIfThere(options.libraries, path);
  return descriptor && { uid: uidOf(options, descriptor.owner), mode: modeOf(descriptor) };
}

function uidOf({ user, uid }: FilesOptions, owner: string): number {
  if (isPrivileged(owner)) return 0;
  return owner === user ? uid : OVERFLOW_ID;
}

function descriptorIfThere(
  libraries: WindowsLibraries,
  path: string,
): SecurityDescriptor | undefined {
  try {
    return descriptorOfFile(libraries, path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
