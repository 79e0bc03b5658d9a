import type { Connections } from "./connections.ts";

export interface SpareMemoryOptions {
  readonly connections: Connections;
  /** Of this process, in bytes. */
  readonly residentBytes: () => number;
  /** Gives back what is not in use; everything waits meanwhile. */
  readonly release: () => void;
}

/** How much more than before makes it worth while. */
const SPARE_BYTES = 32 * 1024 * 1024;
const LOOK_EVERY_MS = 5_000;
/** At rest there are fewer requests than this between two looks. */
const REQUESTS_AT_REST = 500;

/**
 * Gives back, once things have calmed down, what a flood has made the process take.
 *
 * @returns ends it
 */
export function keepMemorySmall(
  { connections, residentBytes, release }: SpareMemoryOptions,
): () => void {
  let usualBytes = residentBytes();
  let requests = connections.requests;
  const timer = setInterval(() => {
    const isAtRest = connections.requests - requests < REQUESTS_AT_REST;
    requests = connections.requests;
    if (!isAtRest || residentBytes() < usualBytes + SPARE_BYTES) return;
    release();
    usualBytes = residentBytes();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
