import type { Transport } from "./transport.ts";

/** How long an answer may take before there is something to say of it. */
const PATIENCE_MS = 3_000;

/**
 * Says so once when an answer takes long: a service that does not start holds whoever connects, and
 * nothing else tells a person who waits.
 */
export function withPatience(transport: Transport, say: () => void): Transport {
  let isSaid = false;
  return {
    async send(request) {
      const timer = setTimeout(() => {
        if (!isSaid) say();
        isSaid = true;
      }, PATIENCE_MS);
      try {
        return await transport.send(request);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
