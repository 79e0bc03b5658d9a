import type { Generator } from "./generator.ts";
import type { Latencies } from "./open_loop.ts";
import type { Served } from "./server_process.ts";
import type { Effort } from "./watches.ts";

/** How many checks of keys were made, and what they took. */
export interface Checks extends Effort {
  readonly checks: number;
}

/** What a row of the table is about. */
export interface Contender {
  readonly what: string;
  /** Whether a check takes so long that it is in few rounds only. */
  readonly isSlow: boolean;
  /** Checks keys for about so long, as many as it can. */
  run(durationMs: number): Promise<Checks>;
}

/** One that can be asked at a pace, too. */
export interface HttpContender extends Contender {
  pace(perSecond: number, durationMs: number): Promise<Latencies>;
}

export interface HttpRow {
  readonly what: string;
  readonly served: Served;
  readonly requests: readonly string[];
  readonly isSlow?: boolean;
  /** Of every answer. */
  readonly status?: number;
  readonly connections?: number;
  readonly checksPerRequest?: number;
}

const CONNECTIONS = 32;

/** A server that is asked over its socket. */
export async function httpContender(generator: Generator, row: HttpRow): Promise<HttpContender> {
  const { what, served: { socket, pid }, isSlow = false, checksPerRequest = 1 } = row;
  const { status = 204, connections = CONNECTIONS } = row;
  const target = { socket, pid, status, connections };
  const named = (error: Error) => {
    throw new Error(`${what}: ${error.message}`);
  };
  await generator.keep(what, row.requests);
  return {
    what,
    isSlow,
    async run(durationMs) {
      const load = generator.saturate(what, { ...target, durationMs });
      const { answers, ...effort } = await load.catch(named);
      return { ...effort, checks: answers * checksPerRequest };
    },
    pace: (perSecond, durationMs) =>
      generator.pace(what, { ...target, durationMs }, perSecond).catch(named),
  };
}
