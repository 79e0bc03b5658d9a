import type { BenchmarkContext } from "../benchmark.ts";
import type { Daemon } from "../daemon.ts";
import type { JavaSide } from "./java.ts";

/** What is measured at one size. */
export interface Subject {
  readonly context: BenchmarkContext;
  /** How many there are in `keystore`. */
  readonly keys: number;
  /** Never written to. */
  readonly keystore: string;
  /** A keystore without keys, never written to. */
  readonly empty: string;
  /** Serves a copy of `keystore`. */
  readonly daemon: Daemon;
  readonly java: JavaSide;
}

/** How many clients ask at once. */
export const CLIENTS = 64;

/** How many keys they create together: the fewer, the less they make the keystore grow. */
export function createsAtOnce(keys: number): number {
  return CLIENTS * (keys < 100_000 ? 10 : 3);
}

export function aliases(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
}

/** As asked, below so many keys; beyond, where each run takes seconds, a few. */
export function roundsBelow(slowFrom: number, { context: { rounds }, keys }: Subject): number {
  if (keys < slowFrom) return rounds;
  return Math.min(rounds, keys < 100_000 ? Math.max(3, Math.round(rounds / 5)) : 3);
}
