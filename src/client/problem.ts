import * as v from "valibot";
import { AppError, isErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { problemSchema } from "../protocol/problem.ts";

/** The error that a problem document stands for. */
export function problemError(body: unknown): AppError {
  const result = v.safeParse(problemSchema, body);
  if (!result.success || !isErrorCode(result.output.code)) return incomprehensible();
  const { code, detail, title } = result.output;
  return new AppError(code, printable(detail ?? title));
}

export function incomprehensible(): AppError {
  const text = "the daemon gave an answer that this version of apikey does not understand";
  return new AppError("ERR_DAEMON_UNREACHABLE", text);
}
