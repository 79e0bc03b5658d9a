import { readFileSync } from "node:fs";

/** What the kernel counts processor time in, for every Linux there is. */
const TICK_MS = 10;
const USER_TIME = 14;
const SYSTEM_TIME = 15;

/** @returns what a process has computed so far; NaN on systems other than Linux */
export function processorMs(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in brackets, which may hold anything.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const ticks = (field: number) => Number(fields[field - 3]);
    return TICK_MS * (ticks(USER_TIME) + ticks(SYSTEM_TIME));
  } catch {
    return NaN;
  }
}
