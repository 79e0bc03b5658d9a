import { escapeUnprintable } from "../model/printable.ts";
import type { LogRecord } from "./record.ts";

/** One JSON object a line, with the time in UTC as RFC 3339 has it. */
export function jsonFormat({ atMs, level, message, fields, stack }: LogRecord): string {
  const line = JSON.stringify({
    time: new Date(atMs).toISOString(),
    level,
    message,
    ...Object.fromEntries(fields),
    ...(stack === undefined ? {} : { stack }),
  });
  return `${escapeUnprintable(line, escape)}\n`;
}

/** JSON itself lets all but the first controls through. */
function escape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
