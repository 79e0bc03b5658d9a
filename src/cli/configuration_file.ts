import { statSync } from "node:fs";
import { AppError, systemErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { systemErrorReason } from "../system_error.ts";
import {
  type Configuration,
  type ConfigurationProblem,
  parseConfiguration,
  type ParsedConfiguration,
} from "./configuration.ts";
import type { Variables } from "./effective_setting.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import type { System } from "./system.ts";
import { readTrustedFile } from "./trusted_file.ts";

export const CONFIG_OPTION: OptionSpec = {
  name: "config",
  value: "FILE",
  description: "Go by this configuration file in place of the host's (APIKEY_CONFIG)",
};

/** Which file to go by. */
export interface ConfigurationPlace {
  readonly path: string;
  /** Whether nobody has named it; then it need not be there. */
  readonly isDefault: boolean;
}

export interface ConfigurationContext {
  readonly env: Variables;
  readonly system: System;
}

/** No file says so little on purpose, and none says so much. */
const MAX_BYTES = 64 * 1024;

export function configurationPlace(
  args: Arguments,
  { env, system }: ConfigurationContext,
): ConfigurationPlace {
  const named = args.value(CONFIG_OPTION.name) ?? (env["APIKEY_CONFIG"] || undefined);
  return { path: named ?? system.defaults.configuration, isDefault: named === undefined };
}

/**
 * What the configuration file says.
 *
 * @returns undefined where nobody has named one, and the host has none
 * @throws AppError ERR_CONFIGURATION for the first of its mistakes, or where it cannot be trusted;
 *   ERR_FORBIDDEN where this user may not read it
 */
export async function readConfiguration(
  place: ConfigurationPlace,
  system: System,
): Promise<Configuration | undefined> {
  const parsed = await inspectConfiguration(place, system);
  if (parsed === undefined) return undefined;
  const [problem] = parsed.problems;
  if (problem === undefined) return { path: place.path, fields: parsed.fields };
  throw new AppError("ERR_CONFIGURATION", describeProblem(place.path, problem));
}

/**
 * The same with all of its mistakes.
 *
 * @throws AppError ERR_CONFIGURATION, ERR_FORBIDDEN for what cannot be read, or not be trusted
 */
export async function inspectConfiguration(
  place: ConfigurationPlace,
  system: System,
): Promise<ParsedConfiguration | undefined> {
  const { path, isDefault } = place;
  try {
    if (isDefault && !isThere(path)) return undefined;
    const octets = readTrustedFile(path, {
      maxBytes: MAX_BYTES,
      // What an ordinary user names is for this user to answer for.
      trusted: isDefault || system.uid === 0 ? system : undefined,
    });
    return await parseConfiguration(octets);
  } catch (error) {
    throw readError(error, path);
  }
}

/** `FILE:3:1: …` */
export function describeProblem(path: string, problem: ConfigurationProblem): string {
  return `${printable(path)}:${problem.line}:${problem.column}: ${problem.text}`;
}

/** One look, which is all that commands pay for where there is no file. */
function isThere(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.isFile()) return stats !== undefined;
  } catch (error) {
    if (systemErrorCode(error) === "ENOTDIR") return false;
    throw error;
  }
  // Reading a pipe that nobody writes to would not end.
  throw new AppError("ERR_CONFIGURATION", `cannot read ${printable(path)}: it is no plain file`);
}

function readError(error: unknown, path: string): unknown {
  if (error instanceof AppError && error.code === "ERR_FILE") {
    return new AppError("ERR_CONFIGURATION", error.message, { cause: error });
  }
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const text = `cannot read ${printable(path)}: ${systemErrorReason(code)}`;
  if (code !== "EACCES" && code !== "EPERM") {
    return new AppError("ERR_CONFIGURATION", text, { cause: error });
  }
  const remedy = `it holds no secrets: chmod 644 ${printable(path)}`;
  return new AppError("ERR_FORBIDDEN", `${text} (${remedy})`, { cause: error });
}
