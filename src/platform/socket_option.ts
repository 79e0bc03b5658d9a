import type { NativeLibrary } from "./native_library.ts";

/** Of <asm-generic/socket.h>; the same on x86-64 and arm64. */
const SOL_SOCKET = 1;

/**
 * getsockopt(2) on Linux.
 *
 * @param bytes as many as there may be
 * @returns the value as 32-bit numbers; undefined where there is none, or more of it
 */
export function socketOption(
  libc: NativeLibrary,
  descriptor: number,
  option: number,
  bytes: number,
): number[] | undefined {
  const getsockopt = libc.symbol("getsockopt", {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  });
  const value = new Uint32Array(bytes / 4);
  const length = new Uint32Array([bytes]);
  const octets = new Uint8Array(value.buffer);
  const status = getsockopt(descriptor, SOL_SOCKET, option, octets, new Uint8Array(length.buffer));
  return status === 0 ? [...value.subarray(0, (length[0] ?? 0) / 4)] : undefined;
}
