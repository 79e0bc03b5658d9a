import { fstatSync } from "node:fs";
import process from "node:process";

export const STANDARD_ERROR = 2;

/**
 * Whether systemd has connected this process's standard error to its journal: `JOURNAL_STREAM` of
 * systemd.exec(5) names it, and somebody may have led it elsewhere since.
 */
export function isJournal(): boolean {
  const stream = process.env["JOURNAL_STREAM"];
  if (!stream) return false;
  try {
    const { dev, ino } = fstatSync(STANDARD_ERROR, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false; // there is none
  }
}
