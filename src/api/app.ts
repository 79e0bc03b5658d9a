import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode, StatusCode } from "hono/utils/http-status";
import { AppError } from "../errors.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import { type AccessPolicy, assertAccess } from "./access.ts";
import { type DefectLog, describeProblem, PROBLEM_HEADERS } from "./problem.ts";
import { answer, type Reply, type Route } from "./route.ts";

export const MAX_BODY_BYTES = 64 * 1024;

/** What travels in Hono's context: built once per connection, where it was accepted. */
export interface Environment {
  Bindings: {
    /** undefined where the kernel could not tell */
    readonly peer: PeerCredentials | undefined;
  };
}

export interface AppDependencies {
  readonly routes: readonly Route[];
  readonly policy: AccessPolicy;
  readonly log: DefectLog;
}

/** The API over HTTP. */
export function createApp({ routes, policy, log }: AppDependencies): Hono<Environment> {
  const app = new Hono<Environment>();
  for (const route of routes) {
    const { method, path, access, maxBodyBytes = MAX_BODY_BYTES } = route;
    app.on(method, path, guard(access, policy), limitBody(maxBodyBytes), async (context) => {
      return send(context, await answer(route, callOf(context), policy));
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    app.all(path, guard("admin", policy), (context) => {
      context.header("Allow", methods.join(", "));
      const text = `${context.req.method} is not allowed here; ${methods.join(", ")} are`;
      return sendProblem(context, new AppError("ERR_METHOD_NOT_ALLOWED", text), log);
    });
  }
  // What does not exist is an administrator's to know, too.
  app.all("*", guard("admin", policy), () => {
    throw new AppError("ERR_ROUTE_UNKNOWN", "no such resource");
  });
  app.onError((error, context) => sendProblem(context, error, log));
  return app;
}

/** Refuses before a body is read, and browsers from what is an administrator's in any case. */
function guard(access: Route["access"], policy: AccessPolicy): MiddlewareHandler<Environment> {
  return async function guarding(context, next) {
    assertAccess(access, context.env.peer, policy);
    if (access === "admin" && context.req.header("Origin") !== undefined) {
      throw new AppError("ERR_ORIGIN_FORBIDDEN", "requests from web pages are refused");
    }
    await next();
  };
}

/**
 * Refuses a body that is too large: by its declared length, which Node holds it to, or by counting.
 * Only an undeclared length is counted, as Hono then builds all of fetch's streams around the body,
 * a megabyte of garbage for each request.
 */
function limitBody(maxBytes: number): MiddlewareHandler<Environment> {
  const countBody = bodyLimit({
    maxSize: maxBytes,
    onError() {
      throw tooLarge(maxBytes);
    },
  });
  return async function limitingBody(context, next) {
    const { req } = context;
    const declared = req.header("Content-Length");
    const isUndeclared = declared === undefined && req.method === "POST";
    const isChunked = req.header("Transfer-Encoding") !== undefined;
    // Fetch knows no body of a GET, so there is nothing to count.
    if (isChunked && (req.method === "GET" || req.method === "HEAD")) throw tooLarge(maxBytes);
    if (isUndeclared || isChunked) return await countBody(context, next).catch(brokenOff);
    if (Number(declared ?? 0) > maxBytes) throw tooLarge(maxBytes);
    await next();
  };
}

/** What handlers throw does not come by here; a client that goes away, or sends no chunks, does. */
function brokenOff(error: unknown): never {
  if (error instanceof AppError) throw error;
  throw new AppError("ERR_INVALID_REQUEST", "the body broke off", { cause: error });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("ERR_BODY_TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
}

function callOf(context: Context<Environment>) {
  return {
    peer: context.env.peer,
    parameters: context.req.param() as Record<string, string>,
    readBody: () => readJson(context),
  };
}

async function readJson(context: Context<Environment>): Promise<unknown> {
  const mediaType = context.req.header("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") {
    throw new AppError("ERR_MEDIA_TYPE", "the body must be application/json");
  }
  try {
    return await context.req.json();
  } catch (error) {
    throw new AppError("ERR_INVALID_REQUEST", "the body is not JSON", { cause: error });
  }
}

function send(context: Context<Environment>, { status, body, headers }: Reply): Response {
  // Whatever is answered here is about keys: no cache is to keep it.
  const allHeaders = { "Cache-Control": "no-store", ...headers };
  if (body === undefined) return context.body(null, status as StatusCode, allHeaders);
  return context.json(body, status as ContentfulStatusCode, allHeaders);
}

function sendProblem(context: Context<Environment>, error: unknown, log: DefectLog): Response {
  const problem = describeProblem(error, log);
  return send(context, { status: problem.status, body: problem, headers: PROBLEM_HEADERS });
}
