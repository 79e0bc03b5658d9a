import type { Platform } from "../platform/platform.ts";

/** What there is around the layers: the system, and where to say something. */
export interface Host {
  readonly platform: Platform;
  /** Writes one line to standard error. */
  readonly complain: (line: string) => void;
  /** Takes the details of a defect. */
  readonly log: (error: unknown) => void;
}
