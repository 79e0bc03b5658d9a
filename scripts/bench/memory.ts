import { readFileSync } from "node:fs";

/** Resident memory: now, or at its peak. */
export type MemoryField = "VmRSS" | "VmHWM";

/** @returns megabytes; undefined on systems other than Linux */
export function readMemory(pid: number, field: MemoryField): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
