import { setTimeout as sleep } from "node:timers/promises";
import { systemErrorCode } from "../../src/errors.ts";
import { send } from "../support/http.ts";

/** What asking was like, again and again. */
export interface Experience {
  readonly samples: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Answers other than 200. */
  readonly failures: readonly number[];
}

const PAUSE_MS = 20;

/** Asks for the status until something is done, one request at a time on its own connection. */
export async function experience(socket: string, done: Promise<unknown>): Promise<Experience> {
  const times: number[] = [];
  const failures: number[] = [];
  const state = { isDone: false };
  const finish = () => state.isDone = true;
  done.then(finish, finish);
  while (!state.isDone) {
    const startedAt = performance.now();
    const { status } = await sendPatiently(socket);
    times.push(performance.now() - startedAt);
    if (status !== 200) failures.push(status);
    await sleep(PAUSE_MS);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    samples: sorted.length,
    medianMs: sorted[sorted.length >> 1] ?? NaN,
    worstMs: sorted.at(-1) ?? NaN,
    failures,
  };
}

/** As the command does it where the queue before the daemon is full. */
async function sendPatiently(socket: string) {
  for (;;) {
    try {
      return await send(socket, { method: "GET", path: "/v1/status" });
    } catch (error) {
      if (systemErrorCode(error) !== "EAGAIN") throw error;
      await sleep(Math.random() * RETRY_MS);
    }
  }
}

const RETRY_MS = 10;
