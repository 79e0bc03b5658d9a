import * as ffi from "node:ffi";
import type {
  NativeFunction,
  NativeLibrary,
  NativeSignature,
  NativeType,
} from "./native_library.ts";

/**
 * @param path of the library; null, where the system is not Windows, for the symbols of the running
 *   executable, which include its C library's and OpenSSL's
 */
export function openNodeLibrary(
  path: string | null = null,
): NativeLibrary & { address(name: string): bigint } {
  const { lib } = ffi.dlopen(path);
  const functions = new Map<string, NativeFunction>();
  return {
    address: (name) => lib.getSymbol(name),
    symbol(name: string, { parameters, result }: NativeSignature): NativeFunction {
      let call = functions.get(name);
      if (call === undefined) {
        const signature = {
          arguments: parameters.map((type) => FFI_TYPES[type]),
          return: FFI_TYPES[result],
        };
        call = lib.getFunction(name, signature) as unknown as NativeFunction;
        functions.set(name, call);
      }
      return call;
    },
    readInt32(address, offset) {
      return BigInt(address) === 0n ? undefined : ffi.getInt32(BigInt(address), offset);
    },
  };
}

/** A copy of what is there. */
export function readMemory(address: bigint, length: number): Uint8Array {
  return ffi.toBuffer(address, length, true);
}

/** Where octets are that V8 does not move. */
export function addressOf(octets: Uint8Array): bigint {
  return ffi.getRawPointer(octets);
}

const FFI_TYPES = {
  i32: "i32",
  u32: "u32",
  usize: "u64",
  pointer: "pointer",
  buffer: "pointer",
} as const satisfies Record<NativeType, string>;
