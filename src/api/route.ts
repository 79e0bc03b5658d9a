import type * as v from "valibot";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";
import type { TracedRequest } from "../model/request_id.ts";
import type { Audit } from "../service/audit.ts";
import type { AskedAct } from "../service/audit_facts.ts";
import { type Access, type AccessPolicy, assertAccess } from "./access.ts";
import type {
  Operation,
  ParsedCall,
  ParsedHead,
  Reply,
  ReplyOf,
  ResponseSpecs,
} from "./operation.ts";
import { parseBody, parseQuery } from "./parse.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Whatever is answered here is about keys: no cache is to keep it. */
export const NO_STORE = { "Cache-Control": "no-store" } as const;

/** What a route is asked, wherever it comes from. */
export interface Call {
  readonly peer: PeerCredentials | undefined;
  readonly peerProcess: () => PeerProcess | undefined;
  /** undefined in process, where there is no log to find it in. */
  readonly request?: TracedRequest;
  /** @param name in lower case */
  readonly header: (name: string) => string | undefined;
  /** What follows the path's `?`; empty for nothing. */
  readonly query: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Reads the body, parsed as JSON: not before the caller is known to be let in. */
  readonly readBody: () => Promise<unknown>;
}

/** Where a route is, who may call it, and what is recorded. */
export interface RouteHead {
  readonly method: Method;
  /** With `:name` for a parameter. */
  readonly path: string;
  readonly access: Access;
  /** By what the audit log calls it: `create`, `list`. */
  readonly act: string;
  /** Whether each time that it is done is recorded, or only that somebody may not. */
  readonly recorded: "acts" | "refusals";
  /** The alias in a body, for the record; that of the path unless a route says otherwise. */
  readonly aliasIn?: (body: unknown) => unknown;
  /** How large a request may be; 64 KiB unless a route says otherwise. */
  readonly maxBodyBytes?: number;
}

/** One route with its access policy; there is no way to declare one without. */
export interface Route extends RouteHead, Operation {
  respond(call: ParsedCall): Promise<Reply>;
  /**
   * The same for those who ask thousands of times a second: without a body, and without waiting.
   * Where it has no answer, `respond` is asked.
   */
  respondNow?(call: ParsedHead): Reply | undefined;
}

/** A route whose functions are compiled against what it declares to take and to give. */
export interface TypedRoute<
  Body extends v.GenericSchema,
  Query extends v.GenericSchema,
  Responses extends ResponseSpecs,
> extends RouteHead, Operation<Body, Query, Responses> {
  respond(
    call: ParsedCall<v.InferOutput<Body>, v.InferOutput<Query>>,
  ): Promise<ReplyOf<Responses>>;
  respondNow?(call: ParsedHead<v.InferOutput<Query>>): ReplyOf<Responses> | undefined;
}

/** Declares a route. */
export function route<
  Responses extends ResponseSpecs,
  Body extends v.GenericSchema = v.GenericSchema,
  Query extends v.GenericSchema = v.GenericSchema,
>(typed: TypedRoute<Body, Query, Responses>): Route {
  return typed as Route;
}

/** What there is around all routes. */
export interface Surroundings {
  readonly policy: AccessPolicy;
  readonly audit: Audit;
}

/**
 * Answers a call, if its caller may make it, and not before it is on record. Every way into the API
 * leads through here.
 *
 * @throws AppError ERR_FORBIDDEN, ERR_AUDIT, or what the route throws
 */
export async function answer(route: Route, call: Call, around: Surroundings): Promise<Reply> {
  await assertAdmitted(route, call, around);
  if (route.recorded !== "acts") return await respond(route, call);
  const alias = await aliasOf(route, call).catch(async (error) => {
    await around.audit.refuse(askedAct(route, call), error);
    throw error;
  });
  return await around.audit.perform({ ...askedAct(route, call), alias }, async () => {
    const result = await respond(route, call);
    return { result, done: result.done ?? {} };
  });
}

/** @throws AppError ERR_FORBIDDEN, once that is on record */
export async function assertAdmitted(
  route: Pick<Route, "access" | "act">,
  call: AskedCall,
  { policy, audit }: Surroundings,
): Promise<void> {
  try {
    assertAccess(route.access, call.peer, policy);
  } catch (error) {
    await audit.refuse(askedAct(route, call), error);
    throw error;
  }
}

/** As much of a call as a record tells. */
type AskedCall = Pick<Call, "peer" | "peerProcess" | "request" | "parameters">;

export function askedAct(
  { act }: Pick<Route, "act">,
  { peer, peerProcess, request, parameters }: AskedCall,
): AskedAct {
  return { act, peer, peerProcess, request, alias: parameters["alias"] };
}

async function aliasOf({ aliasIn }: Route, call: Call): Promise<string | undefined> {
  if (aliasIn === undefined) return call.parameters["alias"];
  const alias = aliasIn(await call.readBody());
  return typeof alias === "string" ? alias : undefined;
}

/** There is no other way to a route than by what it is described to take. */
async function respond(route: Route, call: Call): Promise<Reply> {
  const { peer, header, parameters } = call;
  const query = route.query && parseQuery(route.query, call.query);
  const body = route.body && parseBody(route.body, await call.readBody());
  return await route.respond({ peer, header, parameters, query, body });
}

export function parameter({ parameters }: Pick<Call, "parameters">, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new TypeError(`the route has no parameter ${name}`);
  return value;
}
