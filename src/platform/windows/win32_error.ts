import { call, type WindowsLibraries } from "./libraries.ts";

/** <winerror.h>, and what libuv would call them, except for pipes: EAGAIN says that it is full. */
const CODES: Readonly<Record<number, string>> = {
  2: "ENOENT",
  3: "ENOENT",
  4: "EMFILE",
  5: "EPERM",
  19: "EROFS",
  32: "EBUSY",
  33: "EBUSY",
  80: "EEXIST",
  109: "EPIPE",
  112: "ENOSPC",
  123: "ENOENT",
  161: "ENOENT",
  183: "EEXIST",
  206: "ENAMETOOLONG",
  231: "EAGAIN",
  267: "ENOTDIR",
};

/**
 * GetLastError of the call right before this one; the runtime could change it in between, so it tells
 * why, and never whether, something failed.
 */
export function lastError({ kernel32 }: WindowsLibraries): number {
  return call(kernel32, "GetLastError", []) >>> 0;
}

/** An error as Node's own of a failed call. */
export function win32Error(number: number, syscall: string): Error {
  const code = CODES[number] ?? `EWIN${number}`;
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}
