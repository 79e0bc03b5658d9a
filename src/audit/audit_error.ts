import { AppError, systemErrorCode } from "../errors.ts";
import { systemErrorReason } from "../system_error.ts";

/** A system's error as one line; any other error as it is. */
export function auditError(error: unknown, attempt: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const text = `${attempt}: ${systemErrorReason(code)}`;
  return new AppError("ERR_AUDIT", text, { cause: error });
}
