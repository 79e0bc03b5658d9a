import { printable } from "../model/printable.ts";
import { ALIAS_OPTION, requireLookupAlias } from "./alias_argument.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import type { RevokedOutput } from "./output_schemas.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

export const revokeCommand: CommandSpec = {
  name: "revoke",
  argument: "[alias]",
  summary: "Revoke an API key, at once and for good",
  options: [ALIAS_OPTION, JSON_OPTION, ...WRITER_OPTIONS],
  examples: ["apikey revoke --alias mcp-openai", "apikey revoke mcp-claude"],
  async run(args, context) {
    const { print } = context;
    const alias = requireLookupAlias(args);
    const client = await connect(args, context);
    await client.revokeKey(alias);
    const output: RevokedOutput = { alias, revoked: true };
    if (args.isSet("json")) print(`${JSON.stringify(output)}\n`);
    else print(`API key '${printable(alias)}' has been revoked.\n`);
  },
};
