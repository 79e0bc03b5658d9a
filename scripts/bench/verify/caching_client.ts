import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { openVerifier } from "../../../src/client.ts";
import type { Contender } from "./contender.ts";
import { middleKey, unknownKeys } from "./requests.ts";
import type { Served } from "./server_process.ts";
import { startWatches } from "./watches.ts";

/** How many checks go by before timers and sockets get their turn. */
const CHECKS_AT_ONCE = 1000;

/** The client that remembers what the daemon said, in this process. */
export async function openCachingClient(
  what: string,
  { socket, pid }: Served,
  keys: readonly string[],
): Promise<Contender & AsyncDisposable> {
  const verifier = await openVerifier({ socket });
  const isKnown = (key: string) => verifier.verifyNow(key)?.valid;
  for (const key of keys) await verifier.verify(key);
  await verifier.verify(unknownKeys(1)[0] ?? "");
  if (isKnown(middleKey(keys)) !== true || isKnown(unknownKeys(1)[0] ?? "") !== undefined) {
    throw new Error(`${what}: does not tell stored keys from unknown ones`);
  }
  let index = 0;
  return {
    what,
    isSlow: false,
    async run(durationMs) {
      const stop = startWatches(pid);
      const deadlineMs = performance.now() + durationMs;
      let checks = 0;
      do {
        for (const end = checks + CHECKS_AT_ONCE; checks < end; checks++) {
          const key = keys[index++ % keys.length] ?? "";
          if (isKnown(key) !== true) throw new Error(`${what}: has forgotten a stored key`);
        }
        await setImmediate();
      } while (performance.now() < deadlineMs);
      return { checks, ...stop() };
    },
    [Symbol.asyncDispose]: () => verifier.close(),
  };
}
