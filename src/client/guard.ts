import type { Context, MiddlewareHandler } from "hono";
import type { VerifyPurpose } from "../protocol/verification.ts";
import { authenticate, type Verifier } from "./authenticate.ts";

/** What a guarded route finds in Hono's context. */
export interface GuardVariables {
  /** Of the key that the request has presented. */
  readonly apiKeyAlias: string;
}

export interface GuardDependencies {
  /** Asked for at every request, so that it may come later. */
  readonly verifier: () => Promise<Verifier>;
  /** What a request's key must be good for. */
  readonly purpose: (context: Context) => VerifyPurpose;
  /** Has the reason for each 503. */
  readonly onError: (error: unknown) => void;
}

/**
 * Middleware for Hono: lets requests with a valid key pass, answers 401 to all others as MetricsHub
 * does, and 503 to those of whom it cannot be decided.
 *
 * Hono itself is not loaded: a middleware is a function.
 */
export function guard(
  { verifier, purpose, onError }: GuardDependencies,
): MiddlewareHandler<{ Variables: GuardVariables }> {
  return async function apiKeyGuard(context, next) {
    let alias: string | undefined;
    try {
      const { headers } = context.req.raw;
      alias = await authenticate(headers, await verifier(), purpose(context));
    } catch (error) {
      onError(error);
      return refuse(503, "Service Unavailable", { "Retry-After": "1" });
    }
    if (alias === undefined) return refuse(401, "Unauthorized", { "WWW-Authenticate": "Bearer" });
    context.set("apiKeyAlias", alias);
    await next();
    return undefined;
  };
}

/** RFC 6750, section 3: without an error code, which would tell an outsider what is wrong. */
function refuse(status: number, message: string, headers: Record<string, string>): Response {
  return Response.json({ message }, {
    status,
    headers: { "Cache-Control": "no-store", ...headers },
  });
}
