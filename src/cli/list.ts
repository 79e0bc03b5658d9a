import { printable } from "../model/printable.ts";
import type { Key } from "../protocol/keys.ts";
import type { CommandSpec } from "./command.ts";
import { JSON_OPTION, TARGET_OPTIONS, targetSettings } from "./settings.ts";

export const listCommand: CommandSpec = {
  name: "list",
  summary: "List the API keys, masked",
  options: [JSON_OPTION, ...TARGET_OPTIONS],
  examples: ["apikey list", "apikey list --json"],
  async run(args, { env, connect, print }) {
    const client = await connect(targetSettings(args, env));
    const keys = await client.listKeys();
    if (args.isSet("json")) print(`${JSON.stringify({ keys })}\n`);
    else if (keys.length === 0) print("No API keys found.\n");
    else print(keys.map((key) => `${describe(key)}\n`).join(""));
  },
};

function describe({ alias, maskedKey, expiresOn, expired, readable, disabled }: Key): string {
  const remarks = [
    ...(readable ? [] : ["Cannot be opened"]),
    ...(expiresOn === null ? [] : [`${expired ? "Expired" : "Expires"} on ${expiresOn}`]),
    ...(disabled ? ["Disabled"] : []),
  ];
  return [printable(alias), printable(maskedKey), ...remarks.map((remark) => `(${remark})`)].join(
    " ",
  );
}
