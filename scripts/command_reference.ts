import type { CommandSpec } from "../src/cli/command.ts";
import type { OptionSpec } from "../src/cli/option.ts";

/** `create [alias]` */
export function usageOf({ name, argument }: CommandSpec): string {
  return [name, argument].filter(Boolean).join(" ");
}

/** `--alias ALIAS` */
export function flagOf({ name, value }: OptionSpec): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** Every command with every flag and its examples, in Markdown, as `deno fmt` would have it. */
export function commandReference(commands: readonly CommandSpec[]): string {
  return commands.map(describeCommand).join("\n");
}

function describeCommand(command: CommandSpec): string {
  const { summary, options, examples } = command;
  const flags = options.map((option) => `- \`${flagOf(option)}\`: ${escape(option.description)}\n`);
  const lines = ["```console", ...examples.map((example) => `$ ${example}`), "```"];
  return [
    `### \`apikey ${usageOf(command)}\`\n`,
    `${escape(summary)}.\n`,
    ...(flags.length === 0 ? [] : [flags.join("")]),
    `${lines.join("\n")}\n`,
  ].join("\n");
}

/** What would be markup; an underscore within a word is none. */
function escape(text: string): string {
  return text.replace(/[\\`*[\]<>]/g, "\\$&");
}
