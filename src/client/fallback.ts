import { AppError } from "../errors.ts";
import type { Transport } from "./transport.ts";

/**
 * Asks the daemon, and serves itself where there is none. Nothing but the certainty that nobody
 * listens leads to the second way: a request that may have arrived is never sent twice.
 */
export function withFallback(
  daemon: Transport,
  inProcess: () => Promise<Transport>,
): Transport {
  return {
    async send(request) {
      try {
        return await daemon.send(request);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "ERR_DAEMON_UNREACHABLE") throw error;
        return await (await inProcess()).send(request);
      }
    },
  };
}
