import { AppError, ERRORS } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { CommandSpec } from "./command.ts";
import type { ConfigurationProblem, ParsedConfiguration } from "./configuration.ts";
import {
  CONFIG_OPTION,
  type ConfigurationPlace,
  configurationPlace,
  describeProblem,
  inspectConfiguration,
} from "./configuration_file.ts";
import { findSuspicions } from "./configuration_suspicion.ts";
import type { Arguments } from "./option.ts";
import type { ConfigCheckOutput } from "./output_schemas.ts";
import { JSON_OPTION } from "./settings.ts";

export const configCheckCommand: CommandSpec = {
  name: "config check",
  argument: "[file]",
  summary: "Say what is wrong with the configuration file, or with one that is to be",
  options: [JSON_OPTION, CONFIG_OPTION],
  examples: ["apikey config check", "apikey config check ./apikey.yaml --json"],
  async run(args, context) {
    const place = placeToCheck(args, configurationPlace(args, context));
    const parsed = await inspectConfiguration(place, context.system);
    const output = outputOf(place, parsed, parsed ? findSuspicions(parsed, context.system) : []);
    context.print(args.isSet("json") ? `${JSON.stringify(output)}\n` : describe(output));
    return output.valid ? 0 : ERRORS.ERR_CONFIGURATION.exitStatus;
  },
};

/** @throws AppError ERR_USAGE where two are named */
function placeToCheck(args: Arguments, place: ConfigurationPlace): ConfigurationPlace {
  const [path] = args.positionals;
  if (path === undefined) return place;
  if (args.value(CONFIG_OPTION.name) !== undefined) {
    throw new AppError("ERR_USAGE", "FILE and --config are the same: give one of them");
  }
  return { path, isDefault: false };
}

function outputOf(
  { path }: ConfigurationPlace,
  parsed: ParsedConfiguration | undefined,
  suspicions: readonly ConfigurationProblem[],
): ConfigCheckOutput {
  const present = ({ line, column, text }: ConfigurationProblem) => ({ line, column, text });
  const errors = parsed?.problems.map(present) ?? [];
  const warnings = suspicions.map(present);
  return { path, exists: parsed !== undefined, valid: errors.length === 0, errors, warnings };
}

function describe({ path, exists, valid, errors, warnings }: ConfigCheckOutput): string {
  const name = printable(path);
  if (!exists) return `There is no ${name}: all settings have their defaults.\n`;
  const lines = [
    ...errors.map((error) => describeProblem(path, error)),
    ...warnings.map(({ text, ...place }) =>
      describeProblem(path, { ...place, text: `warning: ${text}` })
    ),
  ];
  if (valid) lines.push(`${name} is valid.`);
  return lines.map((line) => `${line}\n`).join("");
}
