import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { Configuration } from "./configuration.ts";
import type { Arguments } from "./option.ts";
import { type Setting, variableOf } from "./setting_table.ts";

/** The environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Who has said what a setting is; the first of these outweighs the others. */
export type Source =
  | { readonly from: "flag"; readonly name: string }
  | { readonly from: "variable"; readonly name: string }
  | { readonly from: "file"; readonly path: string; readonly line: number }
  | { readonly from: "default" };

export interface Effective<T> {
  readonly value: T;
  readonly source: Source;
}

/** Where values can come from. */
export interface Sources {
  readonly args: Arguments;
  readonly env: Variables;
  /** undefined where there is none */
  readonly file: Configuration | undefined;
}

/** @throws AppError ERR_USAGE for a flag's or a variable's value that is none */
export function effectiveSetting<T, Initial extends T | undefined>(
  setting: Setting<T, Initial>,
  sources: Sources,
): Effective<T | Initial> {
  return commandSetting(setting, sources) ?? fileSetting(setting, sources.file) ??
    { value: setting.initial, source: { from: "default" } };
}

/**
 * What flag or variable say; an empty variable counts as none.
 *
 * @throws AppError ERR_USAGE for what is no such value
 */
export function commandSetting<T>(
  { flag, kind }: Setting<T>,
  { args, env }: Omit<Sources, "file">,
): Effective<T> | undefined {
  if (flag === undefined) return undefined;
  const variable = variableOf(flag);
  const [typed, set] = [args.value(flag), env[variable] || undefined];
  const text = typed ?? set;
  if (text === undefined) return undefined;
  const source = typed === undefined
    ? { from: "variable", name: variable } as const
    : { from: "flag", name: `--${flag}` } as const;
  const value = kind.parse(text, "command");
  if (value !== undefined) return { value, source };
  const what = `invalid ${source.name} '${printable(text)}'`;
  throw new AppError("ERR_USAGE", `${what}: give ${kind.expected}`);
}

/** What the configuration file says. */
export function fileSetting<T>(
  { key, kind }: Setting<T>,
  file: Configuration | undefined,
): Effective<T> | undefined {
  const field = file?.fields.get(key);
  const value = field && kind.parse(field.text, "file");
  if (file === undefined || field === undefined || value === undefined) return undefined;
  return { value, source: { from: "file", path: file.path, line: field.line } };
}
