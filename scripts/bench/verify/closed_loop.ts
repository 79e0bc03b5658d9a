import { performance } from "node:perf_hooks";
import type { Connection } from "./connection.ts";
import { type Requests, type Target, withConnections } from "./load.ts";
import { type Effort, startWatches } from "./watches.ts";

export interface Load extends Effort {
  readonly answers: number;
}

/** As much as the server can take: every connection asks again once it has its answer. */
export async function saturate(target: Target, requests: Requests): Promise<Load> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let answers = 0;
  let busy = target.connections;
  let deadlineMs = 0;
  const answered = (connection: Connection) => {
    answers++;
    if (performance.now() < deadlineMs) return connection.send(requests.next());
    if (--busy === 0) resolve();
  };
  return await withConnections(target, answered, async (connections) => {
    const stop = startWatches(target.pid);
    deadlineMs = performance.now() + target.durationMs;
    for (const connection of connections) connection.send(requests.next());
    await promise;
    return { answers, ...stop() };
  });
}
