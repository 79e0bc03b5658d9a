/** Where records go. */
export interface AuditSink {
  /** For messages: a path, or `journal`. */
  readonly name: string;
  /**
   * Adds whole lines at the end.
   *
   * @param isDurable whether they have to survive a power failure from here on
   * @param written is told how many of them are there, before anything is waited for: a process that is
   *   killed meanwhile must not number the next record as if they were not; 0 if they are gone again
   * @throws AppError ERR_AUDIT
   */
  append(
    lines: readonly string[],
    isDurable: boolean,
    written: (count: number) => void,
  ): Promise<void>;
  /** The last whole line; undefined for none, or where it cannot be read back. */
  lastLine(): string | undefined;
}
