/**
 * Windows' own functions, for the programs of this folder: node runs these under Wine, where nothing
 * of the product is asked.
 */
import * as ffi from "node:ffi";

const libraries = [ffi.dlopen("kernel32.dll").lib, ffi.dlopen("advapi32.dll").lib];

type Value = number | bigint | ArrayBufferView | null;

/** All integers are as wide as a register; which bits count is for the function to know. */
export function call(name: string, ...values: readonly Value[]): bigint {
  const types = values.map((value) =>
    value === null || ArrayBuffer.isView(value) ? "pointer" as const : "u64" as const
  );
  const library = libraries.find((one) => has(one, name));
  if (library === undefined) throw new Error(`no ${name}`);
  const signature = { arguments: types, return: "u64" } as const;
  const native = library.getFunction(name, signature) as (...args: unknown[]) => bigint;
  return native(...values.map((value) => typeof value === "number" ? BigInt(value) : value));
}

/** The same, of a function whose BOOL is to be true. */
export function must(name: string, ...values: readonly Value[]): void {
  if ((call(name, ...values) & 0xffff_ffffn) !== 0n) return;
  throw new Error(`${name} failed: ${call("GetLastError") & 0xffff_ffffn}`);
}

function has(library: ffi.DynamicLibrary, name: string): boolean {
  try {
    library.getSymbol(name);
    return true;
  } catch {
    return false;
  }
}

export function wide(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le");
}

/** Words of 64 bits where V8 moves nothing. */
export function words(count: number): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(new ArrayBuffer(Math.max(128, 8 * count)), 0, count);
}

export function readWide(address: bigint): string {
  const length = Number(call("lstrlenW", address) & 0xffff_ffffn);
  return ffi.toBuffer(address, 2 * length, true).toString("utf16le");
}
