import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode, StatusCode } from "hono/utils/http-status";
import { AppError } from "../errors.ts";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";
import type { TracedRequest } from "../model/request_id.ts";
import { accessOf, admits } from "./access.ts";
import {
  describeProblem,
  type FailureLog,
  PROBLEM_HEADERS,
  type ProblemCounts,
} from "./problem.ts";
import { splitUrl } from "./split_url.ts";
import type { Reply } from "./operation.ts";
import {
  answer,
  askedAct,
  assertAdmitted,
  NO_STORE,
  type Route,
  type Surroundings,
} from "./route.ts";

export const MAX_BODY_BYTES = 64 * 1024;

/** What travels in Hono's context: who asks is found out once per connection, where it was accepted. */
export interface Environment {
  Bindings: {
    /** undefined where the kernel could not tell */
    readonly peer: PeerCredentials | undefined;
    readonly peerProcess: () => PeerProcess | undefined;
    readonly request: TracedRequest;
  };
}

export interface AppDependencies extends Surroundings {
  readonly routes: readonly Route[];
  readonly problems: ProblemCounts;
  /** After how long a stream ends, for its reader to connect anew and be looked at anew. */
  readonly maxStreamMs: number;
  readonly log: FailureLog;
}

/** The API over HTTP. */
export function createApp(
  { routes, policy, audit, problems, maxStreamMs, log }: AppDependencies,
): Hono<Environment> {
  const around = { policy, audit };
  const app = new Hono<Environment>();
  const sendProblem = (context: Context<Environment>, error: unknown) => {
    const { request } = context.env;
    const problem = describeProblem(error, { log, requestId: request.id });
    problems.add(problem);
    request.code = problem.code;
    return send(context, { status: problem.status, body: problem, headers: PROBLEM_HEADERS });
  };
  for (const route of routes) {
    const { method, path, access, maxBodyBytes = MAX_BODY_BYTES } = route;
    app.on(method, path, guard(route, around), limitBody(maxBodyBytes), async (context) => {
      const reply = await answer(route, callOf(context), around);
      const isAdmitted = () => admits(access, accessOf(context.env.peer, policy));
      return send(context, reply, { isAdmitted, maxStreamMs, log });
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    app.all(path, guard({ ...NO_ROUTE, path }, around), (context) => {
      context.header("Allow", methods.join(", "));
      const verb = methods.length === 1 ? "is" : "are";
      const text = `${context.req.method} is not allowed here; ${methods.join(", ")} ${verb}`;
      return sendProblem(context, new AppError("ERR_METHOD_NOT_ALLOWED", text));
    });
  }
  // What does not exist is an administrator's to know, too.
  app.all("*", guard(NO_ROUTE, around), () => {
    throw new AppError("ERR_ROUTE_UNKNOWN", "no such resource");
  });
  app.onError((error, context) => sendProblem(context, error));
  return app;
}

/** What is asked for where nothing is: what its path says is not for the log to know. */
const NO_ROUTE = { access: "admin", act: "unknown", path: undefined } as const;

/** Refuses before a body is read, and browsers from what is an administrator's in any case. */
function guard(
  route: Pick<Route, "access" | "act"> & { readonly path: string | undefined },
  around: Surroundings,
): MiddlewareHandler<Environment> {
  return async function guarding(context, next) {
    const call = callOf(context);
    context.env.request.path = route.path;
    await assertAdmitted(route, call, around);
    if (route.access === "admin" && context.req.header("Origin") !== undefined) {
      const error = new AppError("ERR_ORIGIN_FORBIDDEN", "requests from web pages are refused");
      await around.audit.refuse(askedAct(route, call), error);
      throw error;
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

/** Over a text that is sent piece by piece. */
interface Watch {
  readonly isAdmitted: () => boolean;
  readonly maxStreamMs: number;
  readonly log: FailureLog;
}

/**
 * A stream for as long as its reader may have it: it would run for months, and a process whose groups
 * have changed is still what it was when it connected.
 */
async function* encodeWhile(
  { isAdmitted, maxStreamMs, log }: Watch,
  stream: AsyncGenerator<string>,
) {
  const encoder = new TextEncoder();
  const endsAt = performance.now() + maxStreamMs;
  try {
    for await (const chunk of stream) {
      if (!isAdmitted()) return;
      yield encoder.encode(chunk);
      if (performance.now() >= endsAt) return;
    }
  } catch (error) {
    // The status has been sent long ago: all that is left is to end.
    if (!(error instanceof AppError)) log(error);
  }
}

function callOf(context: Context<Environment>) {
  return {
    peer: context.env.peer,
    peerProcess: context.env.peerProcess,
    request: context.env.request,
    header: (name: string) => context.req.header(name),
    query: splitUrl(context.req.url)[1],
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

function send(
  context: Context<Environment>,
  { status, body, text, headers }: Reply,
  watch: Watch = { isAdmitted: () => true, maxStreamMs: Infinity, log: () => undefined },
): Response {
  const allHeaders = { ...NO_STORE, ...headers };
  if (text !== undefined) {
    const { mediaType, content } = text;
    const data = typeof content === "string"
      ? content
      : ReadableStream.from(encodeWhile(watch, content));
    const contentHeaders = { ...allHeaders, "Content-Type": mediaType };
    return context.body(data, status as ContentfulStatusCode, contentHeaders);
  }
  if (body === undefined) return context.body(null, status as StatusCode, allHeaders);
  return context.json(body, status as ContentfulStatusCode, allHeaders);
}
