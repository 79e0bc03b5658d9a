import { printable } from "../model/printable.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { configurationPlace, readConfiguration } from "./configuration_file.ts";
import { effectiveSetting, type Source, type Sources } from "./effective_setting.ts";
import type { Arguments } from "./option.ts";
import type { ConfigShowOutput } from "./output_schemas.ts";
import { ALL_SETTINGS, type Setting, SETTINGS } from "./setting_table.ts";
import { DAEMON_OPTIONS, JSON_OPTION } from "./settings.ts";
import type { System } from "./system.ts";
import { MODE } from "./value_kind.ts";

export const configShowCommand: CommandSpec = {
  name: "config show",
  summary: "Show every setting as a daemon would have it, and who says so",
  options: [JSON_OPTION, ...DAEMON_OPTIONS],
  examples: ["apikey config show", "apikey config show --config ./apikey.yaml --json"],
  async run(args, context) {
    const output = await effectiveSettings(args, context);
    context.print(args.isSet("json") ? `${JSON.stringify(output)}\n` : describe(output));
  },
};

/** @throws AppError ERR_USAGE, ERR_CONFIGURATION, ERR_FORBIDDEN */
async function effectiveSettings(
  args: Arguments,
  { env, system }: CommandContext,
): Promise<ConfigShowOutput> {
  const place = configurationPlace(args, { env, system });
  const file = await readConfiguration(place, system);
  const settings = ALL_SETTINGS.map((setting) => entryOf(setting, { args, env, file }, system));
  return { path: file === undefined ? null : place.path, settings };
}

type Entry = ConfigShowOutput["settings"][number];

function entryOf(setting: Setting<unknown>, sources: Sources, system: System): Entry {
  const { value, source } = effectiveSetting(setting, sources);
  const text = textOf(setting, value) ?? defaultOf(setting, system);
  return { name: setting.key, value: text, ...placeOf(source) };
}

/** Numbers stay numbers, but for a mode, which is read in octal. */
function textOf({ kind }: Setting<unknown>, value: unknown): string | number | undefined {
  if (typeof value !== "number") return value === undefined ? undefined : String(value);
  return kind === MODE ? value.toString(8).padStart(3, "0") : value;
}

function defaultOf({ key }: Setting<unknown>, { defaults }: System): string | null {
  if (key === SETTINGS.keystore.key) return defaults.keystore;
  return key === SETTINGS.socket.key ? defaults.socket : null;
}

function placeOf(source: Source): Pick<Entry, "source" | "flag" | "variable" | "line"> {
  const nowhere = { flag: null, variable: null, line: null };
  switch (source.from) {
    case "flag":
      return { source: "flag", ...nowhere, flag: source.name };
    case "variable":
      return { source: "variable", ...nowhere, variable: source.name };
    case "file":
      return { source: "file", ...nowhere, line: source.line };
    case "default":
      return { source: "default", ...nowhere };
  }
}

function describe({ path, settings }: ConfigShowOutput): string {
  const rows = settings.map((entry) => [
    entry.name,
    printable(String(entry.value ?? otherwiseOf(entry.name))),
    entry.flag ?? entry.variable ?? (entry.line === null ? "default" : `${path}:${entry.line}`),
  ]);
  const [names = 0, values = 0] = [0, 1].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map(([name = "", value = "", source = ""]) =>
    `${name.padEnd(names)}  ${value.padEnd(values)}  ${printable(source)}\n`
  ).join("");
}

/** In words, what a setting without a value comes down to. */
function otherwiseOf(key: string): string {
  const setting = ALL_SETTINGS.find((each) => each.key === key);
  return `(${setting?.otherwise ?? "none"})`;
}
