import * as v from "valibot";
import { AppError, DaemonFailure, ERRORS, isErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { problemSchema } from "../protocol/problem.ts";

const MAX_ID_CHARACTERS = 64;

/** The error that a problem document stands for. */
export function problemError(body: unknown): AppError {
  const result = v.safeParse(problemSchema, body);
  if (!result.success || !isErrorCode(result.output.code)) return incomprehensible();
  const { code, detail, title, requestId } = result.output;
  const text = printable(detail ?? title);
  return requestId === undefined || ERRORS[code].httpStatus < 500
    ? new AppError(code, text)
    : new DaemonFailure(code, text, printable(requestId, MAX_ID_CHARACTERS));
}

export function incomprehensible(): AppError {
  const text = "the daemon gave an answer that this version of apikey does not understand";
  return new AppError("ERR_DAEMON_UNREACHABLE", text);
}
