import { AppError } from "../errors.ts";
import { type Alias, lookupAlias } from "../model/alias.ts";
import type { Arguments, OptionSpec } from "./option.ts";

export const ALIAS_OPTION: OptionSpec = {
  name: "alias",
  value: "ALIAS",
  description: "The key's name; the same as the argument",
};

/**
 * The same of a key that is there already, and may have been named by a program that takes other names.
 *
 * @throws AppError ERR_USAGE, ERR_INVALID_ALIAS for one that no request could name
 */
export function requireLookupAlias(args: Arguments): Alias {
  const alias = lookupAlias(requireAlias(args));
  // In a URL's path these would mean another resource.
  if (!["", ".", ".."].includes(alias)) return alias;
  throw new AppError("ERR_INVALID_ALIAS", `no key can have the alias '${alias}'`);
}

/**
 * The one alias that a command is about: `create ALIAS` and `create --alias ALIAS` mean the same.
 *
 * @throws AppError ERR_USAGE without any, or with two that differ
 */
export function requireAlias(args: Arguments): string {
  const [argument] = args.positionals;
  const option = args.value("alias");
  if (argument !== undefined && option !== undefined && argument !== option) {
    throw new AppError("ERR_USAGE", "two aliases given: use the argument or --alias");
  }
  const alias = argument ?? option;
  if (alias === undefined) throw new AppError("ERR_USAGE", "no alias given: add --alias ALIAS");
  return alias;
}
