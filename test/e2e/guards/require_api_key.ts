import type { MiddlewareHandler } from "hono";
import { type IncomingHttpHeaders, request } from "node:http";

export interface Caller {
  Variables: { readonly alias: string };
}

/** Lets requests in whose key the daemon at `socketPath` takes, and knows them by the key's alias. */
export function requireApiKey(socketPath: string): MiddlewareHandler<Caller> {
  return async function requiringApiKey(context, next) {
    const { authorization = "", "x-api-key": key = "" } = context.req.header();
    const headers = { Authorization: authorization, "X-API-Key": key };
    const answer = await ask(socketPath, headers).catch(() => undefined);
    if (answer?.status === 401) return context.body(null, 401, { "WWW-Authenticate": "Bearer" });
    // No daemon, or one that does not answer us: whatever it is, nobody gets in.
    if (answer?.status !== 204) return context.body(null, 503);
    context.set("alias", decodeURIComponent(String(answer.headers["x-apikey-alias"])));
    return await next();
  };
}

/** For a server that only a proxy can reach, which has asked the daemon already. */
export const trustProxy: MiddlewareHandler<Caller> = async function trustingProxy(context, next) {
  context.set("alias", decodeURIComponent(context.req.header("X-Apikey-Alias") ?? ""));
  return await next();
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

function ask(socketPath: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const options = { socketPath, path: "/v1/auth", headers, agent: false, timeout: 5_000 };
  return new Promise((resolve, reject) => {
    const asking = request(options, (answer) => {
      resolve({ status: answer.statusCode, headers: answer.headers });
      answer.resume();
    });
    asking.on("error", reject).on("timeout", () => asking.destroy()).end();
  });
}
