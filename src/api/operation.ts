import type * as v from "valibot";
import type { ErrorCode } from "../errors.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import type { DoneAct } from "../service/audit.ts";

/*
 * What a route takes and gives. Requests are validated by it, what it answers is compiled against it,
 * and the description at /v1/openapi.json is made of it.
 */

/** One answer that a route may give. */
export interface ResponseSpec {
  /** When it is given, or what it is. */
  readonly description: string;
  /** Of JSON; without it and `mediaType` there is no content. */
  readonly schema?: v.GenericSchema;
  /** Of what is no JSON. */
  readonly mediaType?: string;
  /** Of what is a stream of server-sent events. */
  readonly events?: { readonly types: readonly string[]; readonly data: v.GenericSchema };
  /** By name: what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** By status; those of problem documents are in the error table. */
export type ResponseSpecs = Readonly<Partial<Record<Status, ResponseSpec>>>;

type Status = 200 | 201 | 204 | 401 | 503;

export interface Operation<
  Body extends v.GenericSchema = v.GenericSchema,
  Query extends v.GenericSchema = v.GenericSchema,
  Responses extends ResponseSpecs = ResponseSpecs,
> {
  /** By what programs that are made of the description call it: `createKey`. */
  readonly operationId: string;
  readonly summary: string;
  /** Of the body, an object as JSON; without it none is read. */
  readonly body?: Body;
  /** Of what follows the URL's `?`, an object without anything mandatory; without it all is ignored. */
  readonly query?: Query;
  /** What the Authorization header says, where it is not passed over. */
  readonly authorization?: string;
  /** Other headers that matter, by name: what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly responses: Responses;
  /** The codes of its problem documents, beside those of every route that is like it. */
  readonly problems: readonly ErrorCode[];
}

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

/** One of the answers that are declared. */
export type ReplyOf<Responses extends ResponseSpecs> =
  // Else TypeScript would take the status of a literal for any number.
  & { readonly status: Status }
  & {
    [Status in keyof Responses]:
      & Omit<Reply, "status" | "body" | "text">
      & { readonly status: Status }
      & ContentOf<Responses[Status]>;
  }[keyof Responses];

type ContentOf<Response> = Response extends
  { readonly schema: infer Schema extends v.GenericSchema }
  ? { readonly body: v.InferOutput<Schema> }
  : Response extends { readonly mediaType: string } ? Required<Pick<Reply, "text">>
  : { readonly body?: never; readonly text?: never };

/** What a route responds to: what is described, parsed, and nothing else of the request. */
export interface ParsedCall<Body = unknown, Query = unknown> extends ParsedHead<Query> {
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** What can be told of a call before its body has been read. */
export interface ParsedHead<Query = unknown> {
  readonly peer: PeerCredentials | undefined;
  /** @param name in lower case */
  readonly header: (name: string) => string | undefined;
  readonly query: Query;
}

/** Codes of whatever reads the keystore. */
export const READING = [
  "ERR_KEYSTORE_UNREADABLE",
  "ERR_KEYSTORE_UNSUPPORTED",
  "ERR_KEYSTORE_IO",
] as const satisfies readonly ErrorCode[];

/** And of what writes it. */
export const WRITING = [
  ...READING,
  "ERR_KEYSTORE_IN_USE",
] as const satisfies readonly ErrorCode[];
