import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { type Requests, type Target, withConnections } from "./load.ts";

/** How long answers took, from when their requests were due. */
export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * So many requests a second, whatever the server makes of them: one that finds every connection
 * taken waits, and the wait counts.
 */
export async function pace(
  target: Target,
  requests: Requests,
  perSecond: number,
): Promise<Latencies> {
  const count = Math.round(perSecond * target.durationMs / 1000);
  const latenciesMs = new Float64Array(count);
  const dueAtMs = new Map<Connection, number>();
  const idle: Connection[] = [];
  let answers = 0;
  const answered = (connection: Connection) => {
    latenciesMs[answers++] = performance.now() - (dueAtMs.get(connection) ?? NaN);
    idle.push(connection);
  };
  return await withConnections(target, answered, async (connections, over) => {
    idle.push(...connections);
    const startedAtMs = performance.now();
    for (let sent = 0; answers < count && !over.aborted;) {
      while (sent < count) {
        const dueMs = startedAtMs + 1000 * sent / perSecond;
        const connection = dueMs <= performance.now() ? idle.pop() : undefined;
        if (connection === undefined) break;
        dueAtMs.set(connection, dueMs);
        connection.send(requests.next());
        sent++;
      }
      // A timer is too coarse by far: what is due next is due in microseconds.
      await setImmediate();
    }
    return quantiles(latenciesMs);
  });
}

function quantiles(latenciesMs: Float64Array): Latencies {
  const sorted = latenciesMs.sort();
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
