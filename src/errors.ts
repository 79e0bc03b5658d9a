import { constants } from "node:os";

/**
 * The one error table: what a code means to a shell (exit status) and to an HTTP client (status).
 *
 * `namesCause`: whether the text of such an error may be shown to the caller. A defect's text may
 * hold anything, so it is logged and never shown.
 */
export const ERRORS = {
  ERR_ALIAS_EXISTS: { exitStatus: 1, httpStatus: 409, namesCause: true },
  ERR_ALIAS_UNKNOWN: { exitStatus: 1, httpStatus: 404, namesCause: true },
  ERR_EXPIRY_PAST: { exitStatus: 1, httpStatus: 422, namesCause: true },
  /** What is declared cannot come about. */
  ERR_PLAN_REFUSED: { exitStatus: 1, httpStatus: 409, namesCause: true },
  /** What is to be imported cannot be read. */
  ERR_IMPORT_REFUSED: { exitStatus: 6, httpStatus: 422, namesCause: true },
  /** Another key has the alias of one that is to be imported. */
  ERR_IMPORT_CONFLICT: { exitStatus: 1, httpStatus: 409, namesCause: true },
  ERR_REKEY_REFUSED: { exitStatus: 1, httpStatus: 409, namesCause: true },
  ERR_RESTORE_REFUSED: { exitStatus: 6, httpStatus: 422, namesCause: true },
  ERR_KEY_DISABLED: { exitStatus: 1, httpStatus: 409, namesCause: true },
  /** A key that another one has taken the place of: it can be revoked, and nothing else. */
  ERR_KEY_RETIRED: { exitStatus: 1, httpStatus: 409, namesCause: true },
  ERR_METADATA_UNSUPPORTED: { exitStatus: 1, httpStatus: 409, namesCause: true },
  ERR_KEYSTORE_MISSING: { exitStatus: 1, httpStatus: 404, namesCause: true },
  ERR_AUDIT_UNSIGNED: { exitStatus: 1, httpStatus: 404, namesCause: true },
  ERR_AUDIT_OFF: { exitStatus: 1, httpStatus: 404, namesCause: true },
  /** The system's service manager, or what is installed for it. */
  ERR_SERVICE: { exitStatus: 1, httpStatus: 500, namesCause: true },
  ERR_FILE: { exitStatus: 1, httpStatus: 500, namesCause: true },
  ERR_OUTPUT: { exitStatus: 1, httpStatus: 500, namesCause: true },
  ERR_USAGE: { exitStatus: 2, httpStatus: 400, namesCause: true },
  /** The configuration file has mistakes, or cannot be read or trusted. */
  ERR_CONFIGURATION: { exitStatus: 2, httpStatus: 500, namesCause: true },
  ERR_INVALID_ALIAS: { exitStatus: 2, httpStatus: 400, namesCause: true },
  ERR_INVALID_REQUEST: { exitStatus: 2, httpStatus: 400, namesCause: true },
  ERR_ROUTE_UNKNOWN: { exitStatus: 5, httpStatus: 404, namesCause: true },
  ERR_METHOD_NOT_ALLOWED: { exitStatus: 5, httpStatus: 405, namesCause: true },
  ERR_BODY_TOO_LARGE: { exitStatus: 2, httpStatus: 413, namesCause: true },
  ERR_MEDIA_TYPE: { exitStatus: 2, httpStatus: 415, namesCause: true },
  ERR_FORBIDDEN: { exitStatus: 4, httpStatus: 403, namesCause: true },
  ERR_ORIGIN_FORBIDDEN: { exitStatus: 4, httpStatus: 403, namesCause: true },
  ERR_TOO_MANY_CONNECTIONS: { exitStatus: 5, httpStatus: 429, namesCause: true },
  ERR_TOO_MANY_REQUESTS: { exitStatus: 5, httpStatus: 429, namesCause: true },
  ERR_DAEMON_UNREACHABLE: { exitStatus: 5, httpStatus: 503, namesCause: true },
  ERR_DAEMON_UNTRUSTED: { exitStatus: 5, httpStatus: 503, namesCause: true },
  ERR_DAEMON_RUNNING: { exitStatus: 5, httpStatus: 503, namesCause: true },
  ERR_SOCKET: { exitStatus: 5, httpStatus: 503, namesCause: true },
  ERR_KEYSTORE_IN_USE: { exitStatus: 5, httpStatus: 503, namesCause: true },
  ERR_KEYSTORE_UNREADABLE: { exitStatus: 6, httpStatus: 503, namesCause: true },
  ERR_KEYSTORE_UNSUPPORTED: { exitStatus: 6, httpStatus: 503, namesCause: true },
  ERR_KEYSTORE_IO: { exitStatus: 6, httpStatus: 503, namesCause: true },
  /** What cannot be recorded is not done. */
  ERR_AUDIT: { exitStatus: 6, httpStatus: 503, namesCause: true },
  /** As a shell reports a program that SIGINT has ended. */
  ERR_INTERRUPTED: { exitStatus: 130, httpStatus: 500, namesCause: true },
  ERR_INTERNAL: { exitStatus: 70, httpStatus: 500, namesCause: false },
} as const satisfies Record<
  string,
  { exitStatus: number; httpStatus: number; namesCause: boolean }
>;

export type ErrorCode = keyof typeof ERRORS;

/** An operation that could not be done, for a reason the caller can act on. */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }
}

/** What has failed in a daemon, whose log has more under the name of the request. */
export class DaemonFailure extends AppError {
  readonly requestId: string;

  constructor(code: ErrorCode, message: string, requestId: string) {
    const isDefect = !ERRORS[code].namesCause;
    super(
      code,
      isDefect
        ? `internal error in the daemon; see its log for request ${requestId}`
        : `${message} (request ${requestId} in the daemon's log)`,
    );
    this.requestId = requestId;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERRORS, value);
}

/** The `code` of a failed system call (`ENOENT`, `EACCES`, …), if `error` is one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code !== "string") return undefined;
  if (/^E[A-Z0-9]+$/.test(code)) return code;
  // libuv has no name for some, EDQUOT among them: all it says is "Unknown system error -122", or,
  // where it is about writing, "UNKNOWN".
  return /^unknown/i.test(code) && errno !== undefined ? errnoName(-errno) : undefined;
}

function errnoName(number: number): string {
  const names = Object.entries(constants.errno);
  return names.find(([, value]) => value === number)?.[0] ?? `E${number}`;
}
