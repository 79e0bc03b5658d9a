const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "it exists already",
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
  EBUSY: "another program has it open",
  EMFILE: "too many open files",
  ENFILE: "too many open files on this system",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "file name too long",
};

/** In words for people, what an `errno` such as `ENOSPC` means. */
export function systemErrorReason(code: string): string {
  return REASONS[code] ?? code;
}
