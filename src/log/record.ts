import type { LogLevel } from "../model/log_level.ts";

/** One line of a log before it has a format. No text in it is longer than it may be, or a key. */
export interface LogRecord {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: readonly LogField[];
  /** Of a defect: lines, the first of which is its text. */
  readonly stack: string | undefined;
}

export type LogField = readonly [name: string, value: string | number];

/** Makes lines, each with its end. */
export type LogFormat = (record: LogRecord) => string;
