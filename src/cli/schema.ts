import type { CommandSpec } from "./command.ts";

export const schemaCommand: CommandSpec = {
  name: "schema",
  summary: "Print the JSON Schema of what commands print with --json",
  options: [],
  examples: ["apikey schema", "apikey schema > apikey.schema.json"],
  async run(_args, { print }) {
    const { default: schema } = await import("./output.schema.json", { with: { type: "json" } });
    print(`${JSON.stringify(schema, null, 2)}\n`);
  },
};
