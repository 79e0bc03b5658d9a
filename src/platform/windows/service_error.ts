import { AppError } from "../../errors.ts";

const ERROR_ACCESS_DENIED = 5;

/** @param error of Windows */
export function failure(what: string, error: number): AppError {
  if (error === ERROR_ACCESS_DENIED) {
    const text = "administrator privileges are required to change services";
    return new AppError("ERR_FORBIDDEN", text);
  }
  return new AppError("ERR_SERVICE", `cannot ${what} the service: Windows error ${error}`);
}
