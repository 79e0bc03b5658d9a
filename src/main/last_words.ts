import type { DaemonLog } from "./daemon_log.ts";

/** As much of this process as has to do with its end. */
export interface EndingProcess {
  on(event: "uncaughtException", listener: (error: unknown) => void): unknown;
  exit(status: number): void;
}

const DEFECT_STATUS = 70;

/**
 * Has the log say of what a daemon dies that nobody was there to catch: what it would go on with is
 * anybody's guess.
 */
export function logLastWords(
  process: EndingProcess,
  { failed, close }: Pick<DaemonLog, "failed" | "close">,
): void {
  process.on("uncaughtException", (error) => {
    failed(error instanceof Error ? error : new Error(String(error)));
    void close().finally(() => process.exit(DEFECT_STATUS));
  });
}
