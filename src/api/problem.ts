import { STATUS_CODES } from "node:http";
import { AppError, ERRORS } from "../errors.ts";
import { type Problem, PROBLEM_MEDIA_TYPE } from "../protocol/problem.ts";

/** Where the text of a defect goes, as it may not go to the caller. */
export type DefectLog = (error: unknown) => void;

/** The problem document of an error: RFC 9457 with the error's code. */
export function problemResponse(error: unknown, log: DefectLog): Response {
  const code = error instanceof AppError ? error.code : "ERR_INTERNAL";
  const { httpStatus, namesCause } = ERRORS[code];
  if (!namesCause) log(error);
  const problem: Problem = {
    title: STATUS_CODES[httpStatus] ?? "Error",
    status: httpStatus,
    code,
    ...(namesCause && error instanceof Error ? { detail: error.message } : {}),
  };
  return new Response(JSON.stringify(problem), {
    status: httpStatus,
    headers: { "Content-Type": PROBLEM_MEDIA_TYPE, "Cache-Control": "no-store" },
  });
}
