import { AppError } from "../errors.ts";
import { parseGraceSeconds } from "../model/duration.ts";
import { printable } from "../model/printable.ts";
import type { RotatedKey } from "../protocol/keys.ts";
import { ALIAS_OPTION, requireLookupAlias } from "./alias_argument.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { askedExpiry, describeStoredExpiry, EXPIRY_OPTIONS } from "./expiry_arguments.ts";
import { KEY_OUTPUT_OPTIONS, KeyOutput, undelivered } from "./key_output.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import { JSON_OPTION, WRITER_OPTIONS } from "./settings.ts";

const GRACE_OPTION: OptionSpec = {
  name: "grace",
  value: "DURATION",
  description: "Let the key before work for 12h, 7d, … longer: 24h unless given; 0 ends it at once",
};

export const rotateCommand: CommandSpec = {
  name: "rotate",
  argument: "[alias]",
  summary: "Give an alias a new API key and show it, once; the one before works for a while",
  options: [
    ALIAS_OPTION,
    GRACE_OPTION,
    ...EXPIRY_OPTIONS,
    ...KEY_OUTPUT_OPTIONS,
    JSON_OPTION,
    ...WRITER_OPTIONS,
  ],
  examples: [
    "apikey rotate mcp-openai",
    "apikey rotate mcp-openai --grace 7d --expires-in 90d",
    "apikey rotate mcp-openai --grace 0",
  ],
  async run(args, context) {
    const { complain } = context;
    const alias = requireLookupAlias(args);
    const expiry = askedExpiry(args);
    const grace = askedGrace(args);
    const client = await connect(args, context);
    const output = new KeyOutput(args, context);
    const rotated = await client.rotateKey(alias, { ...expiry, ...grace }).catch((error) => {
      output.discard();
      throw error;
    });
    deliver(rotated, output);
    if (!output.isForPeople) return;
    const remark = describeStoredExpiry(expiry, rotated);
    if (remark !== undefined) complain(`apikey: ${remark}`);
    complain(`apikey: ${describePrevious(rotated)}`);
  },
};

function askedGrace(args: Arguments): { readonly graceSeconds?: number } {
  const text = args.value("grace");
  if (text === undefined) return {};
  const graceSeconds = parseGraceSeconds(text);
  if (graceSeconds !== undefined) return { graceSeconds };
  const what = `invalid --grace '${printable(text)}'`;
  throw new AppError("ERR_USAGE", `${what}: give a duration such as 24h or 7d, or 0`);
}

function describePrevious({ previous }: RotatedKey): string {
  if (previous === null) return "the key before has ended";
  const { alias, expiresAt, expiresOn } = previous;
  const until = `until ${printable(expiresOn ?? "")} by the host's clock, ${expiresAt}`;
  return `the key before works ${until}, and is listed as '${printable(alias)}'`;
}

/** The old key cannot be had back, but there can be another new one. */
function deliver(rotated: RotatedKey, output: KeyOutput): void {
  try {
    output.deliver(rotated, "rotated");
  } catch (error) {
    // The key before may have ended: a file that has the new one is all there is.
    const advice = output.hasFile
      ? "the file has it"
      : `rotate '${printable(rotated.alias)}' again`;
    const text = `${undelivered(error, "new key")}: ${advice}`;
    throw new AppError("ERR_OUTPUT", text, { cause: error });
  }
}
