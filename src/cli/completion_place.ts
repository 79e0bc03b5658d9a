import type { CommandSpec } from "./command.ts";
import type { OptionSpec } from "./option.ts";

/** What is to be typed in one place. */
export interface Subject {
  /** As in `--help`: `ALIAS`, `FILE`. */
  readonly value: string;
  readonly choices?: readonly string[];
}

export type Place =
  | {
    /** Options, but for those that have been given. */
    readonly options: readonly OptionSpec[];
  }
  | {
    readonly options?: undefined;
    readonly subject: Subject;
    readonly prefix: string;
    /** The arguments before, without an option that waits for its value. */
    readonly settled: readonly string[];
    /** Whether what begins with a dash is no option here. */
    readonly takesDash: boolean;
  };

/** What stands at the end of a command's arguments: an option, its value, or an argument. */
export function placeOf(command: CommandSpec, args: readonly string[], word: string): Place {
  const given: string[] = [];
  let positionals = 0;
  let waiting: OptionSpec | undefined;
  let isOver = false;
  for (const arg of args) {
    const [, name, inline] = isOver ? [] : /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    if (waiting !== undefined) waiting = undefined;
    else if (arg === "--") isOver = true;
    else if (name === undefined) positionals++;
    else {
      given.push(name);
      const option = command.options.find((candidate) => candidate.name === name);
      waiting = option?.value === undefined || inline !== undefined ? undefined : option;
    }
  }
  if (waiting !== undefined) {
    const settled = args.slice(0, -1);
    return { subject: subjectOf(command, waiting), prefix: "", settled, takesDash: false };
  }
  const [prefix, name] = isOver ? [] : /^--([^=]+)=/.exec(word) ?? [];
  const inline = command.options.find((option) => option.name === name);
  if (prefix !== undefined) {
    const subject = inline === undefined ? NOTHING : subjectOf(command, inline);
    return { subject, prefix, settled: args, takesDash: true };
  }
  const argument = argumentAt(command, positionals);
  const isNamed = argument?.value === "ALIAS" && given.includes("alias");
  if (!isOver && (word.startsWith("-") || argument === undefined || isNamed)) {
    const options = command.options.filter(({ name, isRepeatable }) =>
      isRepeatable || !given.includes(name)
    );
    return { options };
  }
  return { subject: argument ?? NOTHING, prefix: "", settled: args, takesDash: isOver };
}

const NOTHING: Subject = { value: "" };

function subjectOf(
  command: CommandSpec,
  { value = "", choices }: Pick<CommandSpec, "choices"> & { readonly value?: string },
): Subject {
  // Of all aliases there are, the one of a new key is none.
  if (command.makesAlias && value === "ALIAS") return NOTHING;
  return { value, ...(choices === undefined ? {} : { choices }) };
}

/** Of `[alias] [new-alias]`, `[path...]`, `<file>`. */
function argumentAt(command: CommandSpec, index: number): Subject | undefined {
  const names = command.argument?.split(" ") ?? [];
  const name = names[index] ?? (names.at(-1)?.endsWith("...]") ? names.at(-1) : undefined);
  if (name === undefined) return undefined;
  const value = name.replace(/[^a-z-]/g, "").toUpperCase();
  return subjectOf(command, { ...command, value });
}
