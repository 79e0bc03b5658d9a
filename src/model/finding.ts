/** Something that is not as it should be, and what to do about it. */
export interface Finding {
  /** Never changes its meaning; there may be more of them: `file-open-to-all`. */
  readonly code: string;
  /**
   * An error loses, leaks or hides something now, or keeps something from working; a warning may help
   * somebody to; a hint is for those who want to know.
   */
  readonly severity: "error" | "warning" | "hint";
  /** A sentence without its full stop. */
  readonly text: string;
  /** In words, or the command itself. */
  readonly remedy: string;
  /** What mends it, for a shell; undefined where that is not for a command to do. */
  readonly command: string | undefined;
}

/** One whose remedy is a command, and needs no other words. */
export function mendedBy(
  command: string,
  finding: Pick<Finding, "code" | "severity" | "text">,
): Finding {
  return { ...finding, remedy: command, command };
}
