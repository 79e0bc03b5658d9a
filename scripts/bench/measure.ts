import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";

/** One side of a comparison; only `run` is timed. */
export interface Contestant {
  prepare?(): void | Promise<void>;
  /** May have its own word on how many milliseconds it took. */
  run(): number | void | Promise<number | void>;
  tidy?(): void | Promise<void>;
}

/**
 * Runs the contestants in turn, A B C A B C …, so that what disturbs the
 * machine disturbs them all, after one round that does not count.
 *
 * @returns the median time of each in milliseconds
 */
export async function compare<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  rounds: number,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(contestants) as Name[];
  const times = names.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, name] of names.entries()) {
      const elapsedMs = await timed(contestants[name]);
      if (round >= 0) times[i]?.push(elapsedMs);
    }
  }
  const medians = names.map((name, i) => [name, median(times[i] ?? [])]);
  return Object.fromEntries(medians) as Record<Name, number>;
}

async function timed({ prepare, run, tidy }: Contestant): Promise<number> {
  await prepare?.();
  const startedAtMs = performance.now();
  const ownMs = await run();
  const elapsedMs = performance.now() - startedAtMs;
  await tidy?.();
  return ownMs ?? elapsedMs;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** Runs a program to its end, its output thrown away; it must succeed. */
export function runToEnd([file, ...args]: readonly [string, ...string[]]): void {
  const { error, status, signal, stderr } = spawnSync(file, args, {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (error) throw error;
  if (status !== 0) {
    throw new Error(`${[file, ...args].join(" ")} ended with ${status ?? signal}: ${stderr}`);
  }
}
