import { writeSync } from "node:fs";
import process from "node:process";
import { isatty } from "node:tty";
import type { FailureLog } from "../api/problem.ts";
import { RequestLog } from "../daemon/request_log.ts";
import { AppError } from "../errors.ts";
import { eventFormat } from "../log/event_format.ts";
import { journalFormat } from "../log/journal_format.ts";
import { jsonFormat } from "../log/json_format.ts";
import { LimitedLog } from "../log/limited_log.ts";
import { Logger } from "../log/logger.ts";
import { LogOutput } from "../log/output.ts";
import type { LogFormat } from "../log/record.ts";
import { terminalFormat } from "../log/terminal_format.ts";
import type { LogLevel } from "../model/log_level.ts";
import { RequestIds } from "../model/request_id.ts";
import type { Platform } from "../platform/platform.ts";
import { isJournal, STANDARD_ERROR } from "./standard_error.ts";

/** What the daemon says, and by which names requests are found in it. */
export interface DaemonLog {
  readonly log: Logger;
  readonly limited: LimitedLog;
  readonly failed: FailureLog;
  readonly requests: RequestLog;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

/**
 * The daemon's log, on standard error in the form that suits whatever that is.
 *
 * @param report takes a record in its place
 */
export function openLog(
  platform: Platform,
  level: LogLevel,
  report: ((text: string) => void) | undefined,
): DaemonLog {
  const format = report === undefined ? pickFormat() : eventFormat;
  const nowMs = Date.now;
  const output = new LogOutput({
    write: (octets) => writeSync(STANDARD_ERROR, octets),
    hasRoom: () => platform.hasRoom(STANDARD_ERROR),
    describeLeftOut(leftOut) {
      const message = "nobody read the log in time";
      const fields = [["leftOut", leftOut]] as const;
      return format({ atMs: nowMs(), level: "warn", message, fields, stack: undefined });
    },
  });
  const write = report ?? ((lines: string) => output.write(lines));
  const log = new Logger({ level, format, write, nowMs });
  const limited = new LimitedLog(log);
  const ids = new RequestIds();
  return {
    log,
    limited,
    failed: failureLog(log, limited),
    requests: new RequestLog({ log, limited, ids, nowMs: () => performance.now() }),
    async close() {
      limited.flush();
      await output.close();
    },
  };
}

/** A defect is told each time, with where it is; what many requests may meet, in a line now and then. */
function failureLog(log: Logger, limited: LimitedLog): FailureLog {
  return (error, requestId) => {
    if (error instanceof AppError && error.code !== "ERR_INTERNAL") {
      const { code: reason, message } = error;
      if (requestId === undefined) limited.warn(reason, message, { reason });
      else limited.warn(reason, "request failed", { reason, detail: message, requestId });
    } else {
      const stack = error instanceof Error ? error.stack ?? error.message : String(error);
      log.error("internal error", { requestId, stack });
    }
  };
}

function pickFormat(): LogFormat {
  if (isJournal()) return journalFormat;
  if (!isatty(STANDARD_ERROR)) return jsonFormat;
  return terminalFormat({ isColoured: !process.env["NO_COLOR"] });
}
