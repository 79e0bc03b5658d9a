import { cac } from "cac";
import type { CommandSpec } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** Prints what cac makes of the command table to standard output. */
export function printHelp(command: CommandSpec | undefined, version: string): void {
  const cli = cac("apikey");
  cli.version(version);
  cli.help((sections) => {
    if (command !== undefined) sections.splice(1, 0, { body: command.summary });
    return sections.map(({ title, body }) => ({
      ...(title === undefined ? {} : { title }),
      body: body.replace(/ +$/gm, ""),
    }));
  });
  for (const spec of COMMANDS) {
    const defined = cli.command([spec.name, spec.argument].filter(Boolean).join(" "), spec.summary);
    for (const { name, value, description } of spec.options) {
      defined.option(value === undefined ? `--${name}` : `--${name} <${value}>`, description);
    }
    for (const example of spec.examples) defined.example(`  $ ${example}`);
  }
  cli.parse(["", "apikey", ...(command ? [command.name] : [])], { run: false });
  cli.outputHelp();
}
