import { AppError } from "../errors.ts";
import type { Arguments, OptionSpec } from "./option.ts";

export const ALIAS_OPTION: OptionSpec = {
  name: "alias",
  value: "ALIAS",
  description: "The key's name; the same as the argument",
};

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
