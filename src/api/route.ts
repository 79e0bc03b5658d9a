import * as v from "valibot";
import { AppError } from "../errors.ts";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";
import type { Audit, DoneAct } from "../service/audit.ts";
import type { AskedAct } from "../service/audit_facts.ts";
import { type Access, type AccessPolicy, assertAccess } from "./access.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** What a route answers, before it becomes HTTP. */
export interface Reply {
  readonly status: number;
  /** JSON to be; undefined for none. */
  readonly body?: unknown;
  /** What is no JSON: a text, or one that is sent piece by piece as it comes. */
  readonly text?: { readonly mediaType: string; readonly content: string | AsyncGenerator<string> };
  readonly headers?: Readonly<Record<string, string>>;
  /** What the audit log is to say of it, where the route's acts are recorded. */
  readonly done?: DoneAct;
}

/** Whatever is answered here is about keys: no cache is to keep it. */
export const NO_STORE = { "Cache-Control": "no-store" } as const;

/** What can be told of a call before its body has been read. */
export interface CallHead {
  readonly peer: PeerCredentials | undefined;
  /** @param name in lower case */
  readonly header: (name: string) => string | undefined;
  /** What follows the path's `?`; empty for nothing. */
  readonly query: string;
}

/** What a route is asked, wherever it comes from. */
export interface Call extends CallHead {
  readonly peerProcess: () => PeerProcess | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  /** Reads the body, parsed as JSON: not before the caller is known to be let in. */
  readonly readBody: () => Promise<unknown>;
}

/** One route with its access policy; there is no way to declare one without. */
export interface Route {
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
  readonly respond: (call: Call) => Promise<Reply>;
  /**
   * The same for those who ask thousands of times a second: without a body, and without waiting.
   * Where it has no answer, `respond` is asked.
   */
  readonly respondNow?: (call: CallHead) => Reply | undefined;
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
  if (route.recorded !== "acts") return await route.respond(call);
  const alias = await aliasOf(route, call).catch(async (error) => {
    await around.audit.refuse(askedAct(route, call), error);
    throw error;
  });
  return await around.audit.perform({ ...askedAct(route, call), alias }, async () => {
    const result = await route.respond(call);
    return { result, done: result.done ?? {} };
  });
}

/** @throws AppError ERR_FORBIDDEN, once that is on record */
export async function assertAdmitted(
  route: Pick<Route, "access" | "act">,
  call: Pick<Call, "peer" | "peerProcess" | "parameters">,
  { policy, audit }: Surroundings,
): Promise<void> {
  try {
    assertAccess(route.access, call.peer, policy);
  } catch (error) {
    await audit.refuse(askedAct(route, call), error);
    throw error;
  }
}

export function askedAct(
  { act }: Pick<Route, "act">,
  { peer, peerProcess, parameters }: Pick<Call, "peer" | "peerProcess" | "parameters">,
): AskedAct {
  return { act, peer, peerProcess, alias: parameters["alias"] };
}

async function aliasOf({ aliasIn }: Route, call: Call): Promise<string | undefined> {
  if (aliasIn === undefined) return call.parameters["alias"];
  const alias = aliasIn(await call.readBody());
  return typeof alias === "string" ? alias : undefined;
}

/**
 * The body of a call as the schema describes it; a strict schema refuses unknown fields.
 *
 * @throws AppError ERR_INVALID_REQUEST
 */
export async function parseBody<Schema extends v.GenericSchema>(
  call: Call,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const result = v.safeParse(schema, await call.readBody(), { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  // Valibot's own text quotes what was received, which may be a secret in the wrong place.
  const field = v.getDotPath(issue);
  const text = issue.type === "strict_object" && issue.expected === "never"
    ? `unknown field '${field}'`
    : `${field ?? "the body"}: expected ${issue.expected}`;
  throw new AppError("ERR_INVALID_REQUEST", text);
}

export function parameter({ parameters }: Call, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new TypeError(`the route has no parameter ${name}`);
  return value;
}
