import { revisingCommand } from "./revise.ts";

export const enableCommand = revisingCommand({
  name: "enable",
  argument: "[alias]",
  summary: "Have a disabled API key accepted again",
  examples: ["apikey enable mcp-openai"],
  suits: ({ disabled }) => disabled,
  revision: () => ({ disabled: false }),
  describe: (alias) => `API key '${alias}' has been enabled.`,
});
