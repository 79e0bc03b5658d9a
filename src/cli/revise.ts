import { printable } from "../model/printable.ts";
import type { Key, KeyRevision } from "../protocol/keys.ts";
import { ALIAS_OPTION, requireLookupAlias } from "./alias_argument.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

export interface RevisingCommand
  extends Pick<CommandSpec, "name" | "argument" | "summary" | "examples" | "suits"> {
  readonly options?: readonly OptionSpec[];
  /** @throws AppError ERR_USAGE */
  readonly revision: (args: Arguments) => KeyRevision;
  /** What has been done to a key, for people. */
  readonly describe: (alias: string, key: Key) => string;
}

/** A command that changes what is known of a key. */
export function revisingCommand(
  { options = [], revision, describe, ...spec }: RevisingCommand,
): CommandSpec {
  return {
    ...spec,
    options: [ALIAS_OPTION, ...options, JSON_OPTION, ...WRITER_OPTIONS],
    async run(args, context) {
      const { print } = context;
      const alias = requireLookupAlias(args);
      const asked = revision(args);
      const client = await connect(args, context);
      const key = await client.reviseKey(alias, asked);
      if (args.isSet("json")) print(`${JSON.stringify(key)}\n`);
      else print(`${describe(printable(alias), key)}\n`);
    },
  };
}
