import type { ServerResponse } from "node:http";
import { AppError } from "../errors.ts";
import { describeProblem, PROBLEM_HEADERS } from "../api/problem.ts";
import { NO_STORE } from "../api/route.ts";

/** Whoever does not wait by himself is made to: else refusing would be all that the daemon does. */
const REFUSED_AFTER_MS = 250;

const ERROR = new AppError("ERR_TOO_MANY_REQUESTS", "too many requests from one user");
const HEADERS = {
  ...PROBLEM_HEADERS,
  ...NO_STORE,
  // What a second brings is as much as there ever is at once.
  "Retry-After": "1",
};

/** Refuses a request of somebody who has asked for too much. */
export function refuseLate(response: ServerResponse, requestId: string): void {
  setTimeout(() => {
    if (response.destroyed) return;
    const problem = describeProblem(ERROR, { log: () => undefined, requestId });
    const body = JSON.stringify(problem);
    const headers = { ...HEADERS, "Content-Length": Buffer.byteLength(body) };
    response.writeHead(problem.status, headers).end(body);
  }, REFUSED_AFTER_MS);
}
