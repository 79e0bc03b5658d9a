/** What a line of a log can say beside its message. */
export type LogFields = Readonly<Record<string, string | number | undefined>>;

/**
 * Takes what a daemon has to say. A message is constant text; what is foreign, or differs from line to
 * line, is in the fields. `stack` is the one field that may have several lines.
 */
export interface Log {
  /** Whether `debug` does anything: not to gather what nobody wants. */
  readonly isDebug: boolean;
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}
