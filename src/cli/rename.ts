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
    const [, newAlias] = args.positionals;
    if (newAlias !== undefined) return { alias: parseAlias(newAlias) };
    throw new AppError("ERR_USAGE", "no new alias given: apikey rename ALIAS NEW-ALIAS");
  },
  describe: (alias, key) => `API key '${alias}' is now '${printable(key.alias)}'.`,
});
