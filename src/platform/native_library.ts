/** The C types that this program's calls need. A `buffer` is passed as the address of its octets. */
export type NativeType = "i32" | "u32" | "usize" | "pointer" | "buffer";

export interface NativeSignature {
  readonly parameters: readonly NativeType[];
  readonly result: NativeType;
}

export type NativeFunction = (...args: (number | bigint | Uint8Array)[]) => number | bigint;

/** Calls into the C library, as `node:ffi` and `Deno.dlopen` both offer them. */
export interface NativeLibrary {
  /** @throws where the library has no such symbol; the first signature of each is kept */
  symbol(name: string, signature: NativeSignature): NativeFunction;
  /** Reads a 32-bit integer at an address; `null` gives undefined. */
  readInt32(address: number | bigint, offset: number): number | undefined;
}

/** close(2), for a descriptor that a native call has opened: Deno's own would not know it. */
export function closeDescriptor(libc: NativeLibrary, descriptor: number): void {
  libc.symbol("close", { parameters: ["i32"], result: "i32" })(descriptor);
}
