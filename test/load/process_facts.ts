import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readMemory } from "../../scripts/bench/memory.ts";

export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function residentMegabytes(pid: number): number {
  return readMemory(pid, "VmRSS") ?? NaN;
}

/** @returns the value once it is no more than that, or what it is after so long */
export async function settled(
  read: () => number,
  wanted: number,
  timeoutMs = 20_000,
): Promise<number> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const value = read();
    if (value <= wanted || performance.now() > until) return value;
    await sleep(100);
  }
}
