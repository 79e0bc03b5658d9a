import { AppError, ERRORS } from "../errors.ts";
import { type Problem, PROBLEM_MEDIA_TYPE } from "../protocol/problem.ts";
import type { MetricSource } from "../service/metrics.ts";

/**
 * Where a failure of the server goes: the text of a defect may not go to the caller, and what else has
 * failed is for whoever looks after the server to know.
 */
export type FailureLog = (error: unknown, requestId?: string) => void;

// node:http has these too; a command in process would load all of it for one word.
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  411: "Length Required",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** How many problem documents there have been of each code. */
export class ProblemCounts {
  readonly byCode: Record<string, number> = {};

  add({ code }: Problem): void {
    this.byCode[code] = (this.byCode[code] ?? 0) + 1;
  }

  metrics(): MetricSource[] {
    return [{
      name: "apikey_problems_total",
      help: "Requests that were answered with a problem document; ERR_FORBIDDEN: refused peers.",
      type: "counter",
      label: "code",
      readAll: () => this.byCode,
    }];
  }
}

/** What says that a body is a problem document. */
export const PROBLEM_HEADERS = { "Content-Type": PROBLEM_MEDIA_TYPE } as const;

export interface ProblemOptions {
  readonly log: FailureLog;
  /** undefined for what no log knows */
  readonly requestId?: string;
  /** In place of the one that the error table has. */
  readonly status?: number;
}

/** The problem document of an error: RFC 9457 with the error's code. */
export function describeProblem(
  error: unknown,
  { log, requestId, status }: ProblemOptions,
): Problem {
  const code = error instanceof AppError ? error.code : "ERR_INTERNAL";
  const { httpStatus, namesCause } = ERRORS[code];
  if (httpStatus >= 500) log(error, requestId);
  return {
    title: TITLES[status ?? httpStatus] ?? "Error",
    status: status ?? httpStatus,
    code,
    ...(namesCause && error instanceof Error ? { detail: error.message } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
