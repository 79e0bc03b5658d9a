import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { NativeLibrary } from "./native_library.ts";

/** V8's own, with `--expose-gc`. */
type CollectGarbage = (options: Readonly<Record<string, string>>) => void;

/**
 * Gives memory that is not in use back to the system, as far as engine and allocator can be asked to:
 * V8 collects garbage when it needs room, which a process at rest never does, and glibc keeps what it
 * has been given back.
 */
export function releaseSpareMemory(libc: NativeLibrary): void {
  garbageCollector()?.({ type: "major", execution: "sync", flavor: "last-resort" });
  mallocTrim(libc)?.(0n);
}

/** @returns undefined on a runtime that does not let itself be asked */
function garbageCollector(): CollectGarbage | undefined {
  try {
    setFlagsFromString("--expose-gc");
    return runInNewContext("gc") as CollectGarbage;
  } catch {
    return undefined;
  }
}

/** malloc_trim(3) @returns undefined for another C library than glibc */
function mallocTrim(libc: NativeLibrary) {
  try {
    return libc.symbol("malloc_trim", { parameters: ["usize"], result: "i32" });
  } catch {
    return undefined;
  }
}
