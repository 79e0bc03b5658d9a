import type { LogLevel } from "../model/log_level.ts";
import type { LogFormat } from "./record.ts";
import { stackLines, textOf } from "./text.ts";

/** ECMA-48, "select graphic rendition": red, yellow, green, faint. */
const COLOURS: Readonly<Record<LogLevel, number>> = { error: 31, warn: 33, info: 32, debug: 2 };

/** Lines for people, with the time of where they are. */
export function terminalFormat({ isColoured }: { readonly isColoured: boolean }): LogFormat {
  return (record) => {
    const name = record.level.toUpperCase().padEnd(5);
    const level = isColoured ? `\x1b[${COLOURS[record.level]}m${name}\x1b[0m` : name;
    const lines = [`${localTime(record.atMs)} ${level} ${textOf(record)}`, ...stackLines(record)];
    return lines.map((line) => `${line}\n`).join("");
  };
}

function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (number: number) => String(number).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
