import { printable } from "../model/printable.ts";
import type { LogRecord } from "./record.ts";

/** Nothing is cut here any more. */
const ALL = Infinity;

/** The message and ` name=value` for each field, on one line. */
export function textOf({ message, fields }: LogRecord): string {
  const words = fields.map(([name, value]) => `${name}=${quoteIfNeeded(String(value))}`);
  return [printable(message, ALL), ...words].join(" ");
}

/** The lines of a stack, indented so that none looks like a line of the log. */
export function stackLines({ stack }: LogRecord): string[] {
  if (stack === undefined) return [];
  return stack.split("\n").map((line) => `    ${printable(line.trim(), ALL)}`);
}

function quoteIfNeeded(value: string): string {
  const shown = printable(value, ALL);
  return /^[^\s"=\\]+$/.test(shown) ? shown : `"${shown.replace(/["\\]/g, "\\$&")}"`;
}
