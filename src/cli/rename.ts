import { AppError } from "../errors.ts";
import { parseAlias } from "../model/alias.ts";
import { printable } from "../model/printable.ts";
import { revisingCommand } from "./revise.ts";

export const renameCommand = revisingCommand({
  name: "rename",
  argument: "[alias] [new-alias]",
  summary: "Give an API key another alias; the key itself stays",
  examples: ["apikey rename mcp-openai mcp-chatgpt"],
  revision(args) {
    // With --alias the new one is the only argument.
    const newAlias = args.positionals[args.value("alias") === undefined ? 1 : 0];
    if (newAlias !== undefined) return { alias: parseAlias(newAlias) };
    throw new AppError("ERR_USAGE", "no new alias given: apikey rename ALIAS NEW-ALIAS");
  },
  describe: (alias, key) => `API key '${alias}' is now '${printable(key.alias)}'.`,
});
