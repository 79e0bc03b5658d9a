import { AppError, systemErrorCode } from "../errors.ts";
import { systemErrorReason } from "../system_error.ts";

/**
 * Turns a failed system call into one line that names what was attempted and why it failed.
 *
 * @param mayBeDenied true where the caller is an ordinary user working on files in process: denied
 *   permission then asks for an administrator instead of reporting a fault
 */
export function ioError(error: unknown, attempt: string, mayBeDenied: boolean): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const text = `${attempt}: ${systemErrorReason(code)}`;
  if (mayBeDenied && (code === "EACCES" || code === "EPERM")) {
    return new AppError("ERR_FORBIDDEN", text, { cause: error });
  }
  return new AppError("ERR_KEYSTORE_IO", text, { cause: error });
}
