import { type ErrorCode, ERRORS } from "../src/errors.ts";
import type { Route } from "../src/api/route.ts";
import { PROBLEM_TEXTS } from "./openapi_texts.ts";

/** All that a route may answer a problem document with, as what is around it answers some, too. */
export function problemsOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [
    "ERR_INVALID_REQUEST",
    "ERR_BODY_TOO_LARGE",
    "ERR_TOO_MANY_CONNECTIONS",
    "ERR_TOO_MANY_REQUESTS",
    "ERR_INTERNAL",
    ...route.problems,
  ];
  if (route.access !== "anyone") codes.push("ERR_FORBIDDEN");
  if (route.access === "admin") codes.push("ERR_ORIGIN_FORBIDDEN");
  if (route.body !== undefined) codes.push("ERR_MEDIA_TYPE");
  if (route.recorded === "acts") codes.push("ERR_AUDIT");
  return [...new Set(codes)].sort();
}

/** The answers with problem documents, one for each set of codes with the same status. */
export class ProblemResponses {
  readonly #byName = new Map<string, unknown>();

  /** References by status. */
  refer(codes: readonly ErrorCode[]): [status: number, response: { readonly $ref: string }][] {
    const byStatus = Map.groupBy(codes, (code) => ERRORS[code].httpStatus);
    return [...byStatus].map(([status, those]) => {
      const name = those.map(nameOf).join("_");
      this.#byName.set(name, responseOf(status, those));
      return [status, { $ref: `#/components/responses/${name}` }];
    });
  }

  all(): Record<string, unknown> {
    return Object.fromEntries([...this.#byName].sort(([a], [b]) => a < b ? -1 : 1));
  }
}

/** `ERR_ALIAS_UNKNOWN` is `AliasUnknown`. */
function nameOf(code: ErrorCode): string {
  return code.split("_").slice(1).map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join("");
}

function responseOf(status: number, codes: readonly ErrorCode[]) {
  const properties = { status: { const: status }, code: { enum: codes } };
  return {
    description: codes.map((code) => `${code}: ${textOf(code)}`).join(".\n"),
    content: problemContent({ allOf: [PROBLEM, { type: "object", properties }] }),
  };
}

export const PROBLEM = { $ref: "#/components/schemas/Problem" } as const;

export function problemContent(schema: unknown) {
  return { "application/problem+json": { schema } };
}

function textOf(code: ErrorCode): string {
  const text = PROBLEM_TEXTS[code];
  if (text === undefined) {
    throw new Error(`say when ${code} is answered in scripts/openapi_texts.ts`);
  }
  return text;
}
