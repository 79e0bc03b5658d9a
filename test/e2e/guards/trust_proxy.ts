import type { MiddlewareHandler } from "hono";
import type { GuardVariables } from "metricshub-apikey/client";

/** For a server that only a proxy can reach, which has asked the daemon already. */
export const trustProxy: MiddlewareHandler<{ Variables: GuardVariables }> =
  async function trustingProxy(context, next) {
    const alias = context.req.header("X-Apikey-Alias");
    // Whoever has come around the proxy has no alias.
    if (!alias) return context.body(null, 401, { "WWW-Authenticate": "Bearer" });
    context.set("apiKeyAlias", decodeURIComponent(alias));
    return await next();
  };
