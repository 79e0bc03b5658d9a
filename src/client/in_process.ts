import { parseJson, type Transport } from "./transport.ts";

/** An app that answers requests, such as the daemon's. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** Calls an app in this process, as if over a socket. */
export function inProcessTransport(fetch: Fetch): Transport {
  return {
    async send({ method, path, body }) {
      const request = new Request(`http://localhost${path}`, {
        method,
        ...(body === undefined ? {} : {
          body: JSON.stringify(body),
          headers: { "Content-Type": "application/json" },
        }),
      });
      const response = await fetch(request);
      return { status: response.status, body: parseJson(await response.text()) };
    },
  };
}
