import { askedRevision, CLEAR_OPTION, METADATA_OPTIONS } from "./metadata_arguments.ts";
import { revisingCommand } from "./revise.ts";

export const describeCommand = revisingCommand({
  name: "describe",
  argument: "[alias]",
  summary: "Change what is said of an API key, and what it may be used for",
  options: [...METADATA_OPTIONS, CLEAR_OPTION],
  examples: [
    "apikey describe mcp-openai --description nightly --owner ops",
    "apikey describe mcp-openai --scope mcp:read --cidr 10.0.0.0/8",
    "apikey describe mcp-openai --clear scope --clear cidr",
  ],
  revision: askedRevision,
  describe: (alias) => `API key '${alias}' has been changed.`,
});
