import { parseArgs } from "node:util";
import { closestMatch } from "leven";
import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { CommandSpec } from "./command.ts";
import type { Arguments } from "./option.ts";

/**
 * Takes a command line apart by `node:util`, not by cac: that would turn the alias `007` into 7.
 *
 * @throws AppError ERR_USAGE, suggesting the nearest option after a typo
 */
export function parseArguments(command: CommandSpec, argv: readonly string[]): Arguments {
  const options = Object.fromEntries(
    command.options.map(({ name, value }) => [
      name,
      { type: value === undefined ? "boolean" : "string", multiple: true } as const,
    ]),
  );
  // Leniently first, as its own errors know no suggestions.
  const { tokens } = parseArgs({ args: [...argv], options, tokens: true, strict: false });
  const values = new Map<string, readonly (string | true)[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const spec = command.options.find((option) => option.name === name);
    if (spec === undefined || rawName !== `--${name}`) throw unknownOption(command, rawName);
    if (spec.value !== undefined && value === undefined) throw usage(`${rawName} needs a value`);
    if (spec.value === undefined && value !== undefined) throw usage(`${rawName} takes no value`);
    // An unset variable in a script must not turn into the default keystore.
    if (value === "") throw usage(`the value of ${rawName} is empty`);
    if (values.has(name) && !spec.isRepeatable) throw usage(`${rawName} is given more than once`);
    if (value?.startsWith("-") && !token.inlineValue) {
      throw usage(
        `${rawName} needs a value; if it is '${printable(value)}': ${rawName}=${printable(value)}`,
      );
    }
    values.set(name, [...values.get(name) ?? [], value ?? true]);
  }
  const takesAll = command.argument?.endsWith("...]") === true;
  const surplus = takesAll ? undefined : positionals[command.argument?.split(" ").length ?? 0];
  if (surplus !== undefined) {
    throw usage(command.noArgument ?? `unexpected argument '${printable(surplus)}'`);
  }
  return {
    positionals,
    value(name) {
      const [value] = values.get(name) ?? [];
      return value === true ? undefined : value;
    },
    values: (name) => values.get(name)?.filter((value) => value !== true),
    isSet: (name) => values.has(name),
  };
}

export interface FoundCommand {
  readonly command: CommandSpec;
  /** What follows its name. */
  readonly rest: readonly string[];
}

/** @throws AppError ERR_USAGE, suggesting the nearest command after a typo */
export function findCommand(
  commands: readonly CommandSpec[],
  argv: readonly string[],
): FoundCommand {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(" ");
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, rest: argv.slice(words) };
  }
  const [first = "", second] = argv;
  if (first.startsWith("-")) {
    throw usage(`unknown option '${printable(first)}' before the command; see apikey --help`);
  }
  const group = commandsOf(commands, first);
  if (group.length > 0 && (second === undefined || second.startsWith("-"))) {
    const names = group.map(({ name }) => name.slice(first.length + 1));
    throw usage(`${first} what? ${names.join(", ")}; see apikey ${first} --help`);
  }
  const typed = group.length > 0 ? `${first} ${second}` : first;
  const names = (group.length > 0 ? group : commands).map(({ name }) => name);
  throw usage(`unknown command '${printable(typed)}'; ${advice(typed, names, "apikey --help")}`);
}

/** The commands whose name begins with this word and goes on. */
export function commandsOf(commands: readonly CommandSpec[], group: string): CommandSpec[] {
  return commands.filter(({ name }) => name.startsWith(`${group} `));
}

function unknownOption(command: CommandSpec, rawName: string): AppError {
  const names = [...command.options.map(({ name }) => `--${name}`), "--help"];
  const text = advice(rawName, names, `apikey ${command.name} --help`);
  return usage(`unknown option '${printable(rawName)}'; ${text}`);
}

function advice(typed: string, known: readonly string[], help: string): string {
  const nearest = closestMatch(typed, known, { maxDistance: 3 });
  return nearest === undefined ? `see ${help}` : `did you mean '${nearest}'?`;
}

function usage(text: string): AppError {
  return new AppError("ERR_USAGE", text);
}
