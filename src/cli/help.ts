import { cac } from "cac";
import type { CommandSpec } from "./command.ts";

/**
 * Prints what cac makes of the command table to standard output.
 *
 * @param command the one to explain; undefined for all of them
 */
export function printHelp(
  commands: readonly CommandSpec[],
  version: string,
  command?: CommandSpec,
): void {
  const cli = cac("apikey");
  cli.version(version);
  cli.help((sections) => {
    if (command !== undefined) sections.splice(1, 0, { body: command.summary });
    return sections.map(({ title, body }) => ({
      ...(title === undefined ? {} : { title }),
      body: body.replace(/ +$/gm, ""),
    }));
  });
  for (const spec of commands) {
    const defined = cli.command([spec.name, spec.argument].filter(Boolean).join(" "), spec.summary);
    for (const { name, value, description } of spec.options) {
      defined.option(value === undefined ? `--${name}` : `--${name} <${value}>`, description);
    }
    for (const example of spec.examples) defined.example(`  $ ${example}`);
    // cac itself never matches a name of two words.
    if (spec === command) cli.matchedCommand = defined;
  }
  cli.outputHelp();
}
