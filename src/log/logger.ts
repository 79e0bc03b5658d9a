import type { Log, LogFields } from "../model/log.ts";
import { LOG_LEVELS, type LogLevel } from "../model/log_level.ts";
import { withoutKeys } from "./without_keys.ts";
import type { LogField, LogFormat } from "./record.ts";

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes lines, each with its end; never throws. */
  readonly write: (lines: string) => void;
  readonly nowMs: () => number;
}

/** Foreign text may be as long as somebody likes. */
const MAX_CHARACTERS = 500;
const MAX_STACK_CHARACTERS = 8_000;

/** Writes what is at least as important as its level. */
export class Logger implements Log {
  readonly #options: LoggerOptions;
  /** May be set at any time. */
  level: LogLevel;

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.level = options.level;
  }

  get isDebug(): boolean {
    return this.level === "debug";
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warn", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  #log(level: LogLevel, message: string, { stack, ...rest }: LogFields = {}): void {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.level)) return;
    const { format, write, nowMs } = this.#options;
    const fields: LogField[] = [];
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) fields.push([name, typeof value === "string" ? tidy(value) : value]);
    }
    write(format({
      atMs: nowMs(),
      level,
      message: tidy(message),
      fields,
      stack: stack === undefined ? undefined : tidy(String(stack), MAX_STACK_CHARACTERS),
    }));
  }
}

/** A key that is cut through would not be recognised, so that comes last. */
function tidy(text: string, maxCharacters = MAX_CHARACTERS): string {
  const shown = withoutKeys(text);
  return shown.length > maxCharacters ? `${shown.slice(0, maxCharacters).toWellFormed()}…` : shown;
}
