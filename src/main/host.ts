import type { FailureLog } from "../api/problem.ts";
import type { AppError } from "../errors.ts";
import type { Platform } from "../platform/platform.ts";

/** What there is around the layers: the system, and where to say something. */
export interface Host {
  readonly platform: Platform;
  /** Takes what goes wrong, and keeps nobody from anything. */
  readonly complain: (error: AppError) => void;
  readonly log: FailureLog;
}
