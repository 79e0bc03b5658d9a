import { performance } from "node:perf_hooks";
import process from "node:process";
import { processorMs } from "./processor.ts";

/** What a load has taken. */
export interface Effort {
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  /** What the server has computed meanwhile, NaN where the system does not tell. */
  readonly serverMs: number;
  /** What the process that made the load has. */
  readonly clientMs: number;
}

/** Starts three watches; the result stops them. */
export function startWatches(serverPid: number): () => Effort {
  const serverMs = processorMs(serverPid);
  const clientMs = processorMs(process.pid);
  const startedAtMs = performance.now();
  return () => ({
    elapsedMs: performance.now() - startedAtMs,
    serverMs: processorMs(serverPid) - serverMs,
    clientMs: processorMs(process.pid) - clientMs,
  });
}
