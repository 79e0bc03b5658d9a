import { isAbsolute } from "node:path";
import { LOG_LEVELS, type LogLevel } from "../model/log_level.ts";
import { isPrintable } from "../model/printable.ts";

/** Where a value was given: typed by somebody, or in a file that other programs read, too. */
export type Place = "command" | "file";

/** What values of a setting look like. They are text wherever they are given. */
export interface ValueKind<T> {
  /** What stands for a value in `--help`. */
  readonly placeholder: string;
  /** All that there are, where they are few. */
  readonly choices?: readonly string[];
  /** What to give instead, after a value that is none. */
  readonly expected: string;
  /** The same in a file, where that is less. */
  readonly expectedInFile?: string;
  /** Which scalars of YAML may be meant for one. */
  readonly scalars: readonly ("string" | "number")[];
  /** @returns undefined for what is none */
  parse(text: string, place: Place): T | undefined;
}

/** A relative path in a file would be another one from each working directory. */
export const PATH: ValueKind<string> = {
  placeholder: "PATH",
  expected: "a path",
  expectedInFile: "an absolute path",
  scalars: ["string"],
  parse: parsePath,
};

export const FILE: ValueKind<string> = { ...PATH, placeholder: "FILE" };

const NO_PATHS: readonly string[] = ["journal", "none"];

export const LOG: ValueKind<string> = {
  ...PATH,
  placeholder: "LOG",
  expected: "a path, journal or none",
  expectedInFile: "an absolute path, journal or none",
  parse: (text, place) => NO_PATHS.includes(text) ? text : parsePath(text, place),
};

export const GROUP: ValueKind<string> = {
  placeholder: "GROUP",
  expected: "a group's name or gid",
  scalars: ["string", "number"],
  parse: (text) => text !== "" && isPrintable(text) ? text : undefined,
};

/** In octal however it is written: YAML 1.2 would take 660 for a decimal number. */
export const MODE: ValueKind<number> = {
  placeholder: "MODE",
  expected: "three octal digits",
  scalars: ["string", "number"],
  parse: (text) => /^(0o?)?[0-7]{3}$/.test(text) ? Number.parseInt(text.slice(-3), 8) : undefined,
};

export const LEVEL: ValueKind<LogLevel> = {
  placeholder: "LEVEL",
  choices: LOG_LEVELS,
  expected: `one of ${LOG_LEVELS.join(", ")}`,
  scalars: ["string"],
  parse: (text) => LOG_LEVELS.find((level) => level === text),
};

export function numberBetween(min: number, max: number): ValueKind<number> {
  return {
    placeholder: "N",
    expected: `${min} to ${max}`,
    expectedInFile: `a number from ${min} to ${max}`,
    scalars: ["number"],
    parse(text) {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

function parsePath(text: string, place: Place): string | undefined {
  if (text === "" || !isPrintable(text)) return undefined;
  return place === "file" && !isAbsolute(text) ? undefined : text;
}
