import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { AppError } from "../errors.ts";
import type { Clock } from "../model/instant.ts";
import type { KeyService } from "../service/keys.ts";
import type { StatusService } from "../service/status.ts";
import { type Access, type AccessPolicy, assertAccess } from "./access.ts";
import type { Environment } from "./environment.ts";
import { keyRoutes } from "./keys.ts";
import { type DefectLog, problemResponse } from "./problem.ts";
import { MAX_BODY_BYTES } from "./request_body.ts";
import type { Route } from "./route.ts";
import { type Server, statusRoutes } from "./status.ts";

export interface AppDependencies {
  readonly keys: KeyService;
  readonly status: StatusService;
  readonly server: Server;
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  readonly log: DefectLog;
}

/** Every route there is. What the app serves, tests walk and documentation lists comes from here. */
export function allRoutes({ keys, status, server, clock }: AppDependencies): Route[] {
  return [...keyRoutes(keys, clock), ...statusRoutes(status, server)];
}

/** The HTTP API over its use cases: the same app behind the daemon's socket and in process. */
export function createApp(dependencies: AppDependencies): Hono<Environment> {
  const { policy, log } = dependencies;
  const app = new Hono<Environment>();
  const routes = allRoutes(dependencies);
  app.use(noStore);
  for (const { method, path, access, respond } of routes) {
    app.on(method, path, authorize(access, policy), limitBody(), respond);
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method);
    app.all(path, authorize("admin", policy), (context) => methodNotAllowed(context, methods));
  }
  // What does not exist is an administrator's to know, too.
  app.all("*", authorize("admin", policy), (context) => {
    throw new AppError("ERR_ROUTE_UNKNOWN", `no such resource: ${context.req.path}`);
  });
  app.onError((error) => problemResponse(error, log));
  return app;
}

function authorize(access: Access, policy: AccessPolicy): MiddlewareHandler<Environment> {
  return async function authorizing(context, next) {
    assertAccess(access, context.env.peer, policy);
    if (access === "admin" && context.req.header("Origin") !== undefined) {
      const text = "requests from web pages are refused";
      throw new AppError("ERR_ORIGIN_FORBIDDEN", text);
    }
    await next();
  };
}

function limitBody(): MiddlewareHandler<Environment> {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError() {
      throw new AppError("ERR_BODY_TOO_LARGE", `the body is larger than ${MAX_BODY_BYTES} bytes`);
    },
  });
}

function methodNotAllowed(context: Context<Environment>, methods: readonly string[]): Response {
  const text = `${context.req.method} is not allowed here; ${methods.join(", ")} are`;
  const response = problemResponse(new AppError("ERR_METHOD_NOT_ALLOWED", text), () => undefined);
  response.headers.set("Allow", methods.join(", "));
  return response;
}

const noStore: MiddlewareHandler<Environment> = async function noStore(context, next) {
  await next();
  context.header("Cache-Control", "no-store");
};
