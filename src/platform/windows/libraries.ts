import type { NativeFunction, NativeLibrary, NativeType } from "../native_library.ts";

/** Where Windows' calls are found. */
export interface WindowsLibraries {
  readonly kernel32: NativeLibrary & {
    /** Where a function is, for Windows to call it. */
    address(name: string): bigint;
  };
  readonly advapi32: NativeLibrary;
  /** The executable itself, which offers libuv's own functions. */
  readonly runtime: NativeLibrary;
  /** A copy of what is in memory at an address. */
  readonly readMemory: (address: bigint, length: number) => Uint8Array;
  /** Where octets of {@link room} are. */
  readonly addressOf: (octets: Uint8Array) => bigint;
}

/** A HANDLE. */
export type Handle = bigint;

export const INVALID_HANDLE: Handle = 0xffff_ffff_ffff_ffffn;

/** For a pointer that may be left out. */
export const NULL = 0n;

/**
 * Calls a function of Windows whose parameters are all of these types, and whose result is an
 * `i32`, which BOOL and DWORD are.
 */
export function call(
  library: NativeLibrary,
  name: string,
  parameters: readonly NativeType[],
  ...values: Parameters<NativeFunction>
): number {
  return Number(library.symbol(name, { parameters, result: "i32" })(...values));
}

/** The same of a function whose result is a HANDLE. */
export function callForHandle(
  library: NativeLibrary,
  name: string,
  parameters: readonly NativeType[],
  ...values: Parameters<NativeFunction>
): Handle {
  return BigInt(library.symbol(name, { parameters, result: "usize" })(...values));
}

/** UTF-16 with a terminating zero, as Windows takes text. */
export function wide(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le");
}

/** Room for values that a call gives back, outside of V8's heap, where nothing moves it. */
export function room(octets: number): DataView {
  return new DataView(new ArrayBuffer(Math.max(octets, OFF_HEAP_OCTETS)), 0, octets);
}

/** V8 keeps shorter arrays in its own heap. */
const OFF_HEAP_OCTETS = 128;

export function octetsOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function closeHandle({ kernel32 }: WindowsLibraries, handle: Handle): void {
  call(kernel32, "CloseHandle", ["usize"], handle);
}
