import type { ServerResponse } from "node:http";
import { AppError } from "../errors.ts";
import { describeProblem, PROBLEM_HEADERS } from "../api/problem.ts";
import { NO_STORE } from "../api/route.ts";

/** Whoever does not wait by himself is made to: else refusing would be all that the daemon does. */
const REFUSED_AFTER_MS = 250;

const PROBLEM = describeProblem(
  new AppError("ERR_TOO_MANY_REQUESTS", "too many requests from one user"),
  () => undefined,
);
const BODY = JSON.stringify(PROBLEM);
const HEADERS = {
  ...PROBLEM_HEADERS,
  ...NO_STORE,
  "Content-Length": Buffer.byteLength(BODY),
  // What a second brings is as much as there ever is at once.
  "Retry-After": "1",
};

/** Refuses a request of somebody who has asked for too much. */
export function refuseLate(response: ServerResponse): void {
  setTimeout(() => {
    if (!response.destroyed) response.writeHead(PROBLEM.status, HEADERS).end(BODY);
  }, REFUSED_AFTER_MS);
}
