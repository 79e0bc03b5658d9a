import * as v from "valibot";
import { AppError } from "../errors.ts";
import { problemSchema } from "../protocol/problem.ts";
import type { ApiResponse, Transport } from "./transport.ts";

/** Whoever may ask the daemon only has to know that there is none. */
function withReason(response: ApiResponse, reason: string): ApiResponse {
  const { body } = response;
  if (response.status !== 403 || !v.is(problemSchema, body)) return response;
  return { ...response, body: { ...body, detail: `${body.detail ?? body.title} (${reason})` } };
}

/**
 * Asks the daemon, and serves itself where there is none. Nothing but the certainty that nobody
 * listens leads to the second way: a request that may have arrived is never sent twice.
 */
export function withFallback(
  daemon: Transport,
  inProcess: () => Promise<Transport>,
): Transport {
  // One for all requests: they share what has been opened, and their changes one save.
  let own: Promise<Transport> | undefined;
  return {
    async send(request) {
      try {
        return await daemon.send(request);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "ERR_DAEMON_UNREACHABLE") throw error;
        own ??= inProcess();
        return withReason(await (await own).send(request), error.message);
      }
    },
  };
}
