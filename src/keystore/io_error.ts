import { AppError, systemErrorCode } from "../errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or folder",
  ENOTDIR: "part of the path is not a folder",
  EISDIR: "it is a folder",
  ENOSPC: "no space left on the device",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EROFS: "read-only file system",
  EIO: "input/output error",
  EMFILE: "too many open files",
  ENFILE: "too many open files on this system",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "file name too long",
};

/**
 * Turns a failed system call into one line that names what was attempted and why it failed.
 *
 * @param mayBeDenied true where the caller is an ordinary user working on files in process: denied
 *   permission then asks for an administrator instead of reporting a fault
 */
export function ioError(error: unknown, attempt: string, mayBeDenied: boolean): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const text = `${attempt}: ${REASONS[code] ?? code}`;
  if (mayBeDenied && (code === "EACCES" || code === "EPERM")) {
    return new AppError("ERR_FORBIDDEN", text, { cause: error });
  }
  return new AppError("ERR_KEYSTORE_IO", text, { cause: error });
}
