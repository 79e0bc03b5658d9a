/** Where records go. */
export interface AuditSink {
  /** For messages: a path, or `journal`. */
  readonly name: string;
  /**
   * Adds whole lines at the end.
   *
   * @param isDurable whether they have to survive a power failure from here on
   * @throws AppError ERR_AUDIT
   */
  append(lines: readonly string[], isDurable: boolean): Promise<void>;
  /** The last whole line; undefined for none, or where it cannot be read back. */
  lastLine(): string | undefined;
}
