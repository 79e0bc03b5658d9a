import { revisingCommand } from "./revise.ts";

export const disableCommand = revisingCommand({
  name: "disable",
  argument: "[alias]",
  summary: "Have an API key refused until it is enabled again, by MetricsHub, too",
  examples: ["apikey disable mcp-openai"],
  suits: ({ disabled }) => !disabled,
  revision: () => ({ disabled: true }),
  describe: (alias) => `API key '${alias}' has been disabled.`,
});
