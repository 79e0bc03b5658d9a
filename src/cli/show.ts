import { printable } from "../model/printable.ts";
import type { Key } from "../protocol/keys.ts";
import { ALIAS_OPTION, requireLookupAlias } from "./alias_argument.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

export const showCommand: CommandSpec = {
  name: "show",
  argument: "[alias]",
  summary: "Show all that is known of an API key but the key itself",
  options: [ALIAS_OPTION, JSON_OPTION, ...TARGET_OPTIONS],
  examples: ["apikey show mcp-openai", "apikey show mcp-openai --json"],
  async run(args, context) {
    const { print } = context;
    const alias = requireLookupAlias(args);
    const client = await connect(args, context);
    const key = await client.getKey(alias);
    print(args.isSet("json") ? `${JSON.stringify(key)}\n` : describe(key));
  },
};

const MAX_CHARACTERS = 10_000;

function describe(key: Key): string {
  const lines = [
    ["Alias", key.alias],
    ["Key", key.maskedKey],
    ["State", stateOf(key)],
    ["Replaced", key.replacedBy === null ? null : `by a new key of '${key.replacedBy}'`],
    ["Created", key.createdAt],
    ["Expires", key.expiresAt === null ? "never" : `${key.expiresOn} (${key.expiresAt})`],
    ["Used", describeUse(key)],
    ["Owner", key.owner],
    ["Scopes", key.scopes.join(" ") || "any"],
    ["Networks", key.networks.join(" ") || "any"],
    ["About", key.description],
  ];
  return lines.filter(([, text]) => text !== null)
    .map(([label, text]) => `${`${label}:`.padEnd(10)}${printable(text ?? "", MAX_CHARACTERS)}\n`)
    .join("");
}

function describeUse({ uses, lastUsedAt }: Key): string {
  if (lastUsedAt === null) return "never, as far as the daemon knows";
  return `${uses === 1 ? "once" : `${uses} times`}, the last at ${lastUsedAt}`;
}

function stateOf({ readable, disabled, expired, supported }: Key): string {
  if (!readable) return "cannot be opened";
  if (disabled) return "disabled";
  if (expired) return "expired";
  return supported ? "valid" : "refused: a later version of apikey has restricted it";
}
