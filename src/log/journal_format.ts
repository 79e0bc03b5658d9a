import type { LogLevel } from "../model/log_level.ts";
import type { LogRecord } from "./record.ts";
import { stackLines, textOf } from "./text.ts";

/** Of syslog(3), as sd-daemon(3) wants them. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** What stands before a line that is an error. */
export const ERROR_PREFIX = `<${PRIORITIES.error}>`;

/** Lines for systemd's journal, which knows the time and who says it. */
export function journalFormat(record: LogRecord): string {
  const lines = [textOf(record), ...stackLines(record)];
  return lines.map((line) => `<${PRIORITIES[record.level]}>${line}\n`).join("");
}
