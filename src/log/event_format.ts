import type { LogFormat } from "./record.ts";
import { stackLines, textOf } from "./text.ts";

/** The level and a line, for a log that knows the time by itself. */
export const eventFormat: LogFormat = (record) =>
  [`${record.level} ${textOf(record)}`, ...stackLines(record)].map((line) => `${line}\n`).join("");
