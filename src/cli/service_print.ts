import type { CommandSpec } from "./command.ts";
import type { ServicePrintOutput } from "./output_schemas.ts";
import { openService, SERVICE_OPTIONS } from "./service.ts";
import { JSON_OPTION } from "./settings.ts";

export const servicePrintCommand: CommandSpec = {
  name: "service print",
  summary: "Show the files that `service install` would write, and write nothing",
  options: [JSON_OPTION, ...SERVICE_OPTIONS],
  examples: ["apikey service print", "apikey service print --json"],
  async run(args, context) {
    const files = (await openService(args, context)).files();
    const output: ServicePrintOutput = { files: [...files] };
    if (args.isSet("json")) return context.print(`${JSON.stringify(output)}\n`);
    context.print(files.map(({ path, content }) => `# ${path}\n${content}`).join("\n"));
  },
};
