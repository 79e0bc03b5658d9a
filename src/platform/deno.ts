import type { NativeFunction, NativeLibrary, NativeSignature } from "./native_library.ts";

// As much of Deno's own types as is used here: Node's compiler does not know them.
interface DenoFfi {
  readonly build: { readonly os: string };
  dlopen(path: string, symbols: Record<string, NativeSignature & { optional: true }>): {
    readonly symbols: Record<string, NativeFunction | null>;
  };
  readonly UnsafePointer: { create(address: bigint): object | null };
  readonly UnsafePointerView: new (pointer: object) => { getInt32(offset: number): number };
}

/** The C library by its file name, as Deno opens no library without one. */
export function openDenoLibrary(): NativeLibrary {
  const { Deno: deno } = globalThis as unknown as { Deno: DenoFfi };
  const path = deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6";
  const functions = new Map<string, NativeFunction>();
  return {
    symbol(name: string, { parameters, result }: NativeSignature): NativeFunction {
      let call = functions.get(name);
      if (call === undefined) {
        // A pointer would come back as an object; the callers want its number.
        const signature = { parameters, result: result === "pointer" ? "usize" : result } as const;
        call = deno.dlopen(path, { [name]: { ...signature, optional: true } }).symbols[name] ??
          undefined;
        if (call === undefined) throw new Error(`no symbol ${name}`);
        functions.set(name, call);
      }
      return call;
    },
    readInt32(address, offset) {
      const pointer = deno.UnsafePointer.create(BigInt(address));
      return pointer === null ? undefined : new deno.UnsafePointerView(pointer).getInt32(offset);
    },
  };
}
