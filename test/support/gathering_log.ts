import { RequestLog } from "../../src/daemon/request_log.ts";
import { LimitedLog } from "../../src/log/limited_log.ts";
import { Logger } from "../../src/log/logger.ts";
import type { LogRecord } from "../../src/log/record.ts";
import type { LogLevel } from "../../src/model/log_level.ts";
import { RequestIds } from "../../src/model/request_id.ts";

/** A log that keeps what it is told. */
export function gatheringLog(level: LogLevel = "debug") {
  const records: LogRecord[] = [];
  const format = (record: LogRecord) => {
    records.push(record);
    return "";
  };
  const log = new Logger({ level, format, write: () => undefined, nowMs: () => 0 });
  return { log, limited: new LimitedLog(log), records };
}

/** The values of a record's fields by their names, and what it is about. */
export function toldBy({ level, message, fields }: LogRecord) {
  return { level, message, ...Object.fromEntries(fields) };
}

export function silentRequestLog(): RequestLog {
  const { log, limited } = gatheringLog("error");
  return new RequestLog({ log, limited, ids: new RequestIds(), nowMs: () => 0 });
}
