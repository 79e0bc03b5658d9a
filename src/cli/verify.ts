import { printable } from "../model/printable.ts";
import type { Verification, VerifyPurpose } from "../protocol/verification.ts";
import { assertKeystore } from "./assert_keystore.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { readKey } from "./key_input.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

const NOT_VALID_STATUS = 3;

const PURPOSE_OPTIONS: readonly OptionSpec[] = [
  { name: "scope", value: "SCOPE", description: "Whether it is good for this, as mcp:read" },
  {
    name: "address",
    value: "ADDRESS",
    description: "Whether it is good from there; without, a key bound to networks is not valid",
  },
];

export const verifyCommand: CommandSpec = {
  name: "verify",
  summary: "Check the API key on standard input: exit status 0 if it is valid, 3 if not",
  options: [...PURPOSE_OPTIONS, JSON_OPTION, ...TARGET_OPTIONS],
  // Other users of the host can see arguments, and a message would repeat the key.
  noArgument: "verify takes no argument: give it the key on standard input",
  examples: [
    "apikey verify < key.txt",
    "apikey verify --json < key.txt",
    "apikey verify --scope mcp:read --address 10.1.2.3 < key.txt",
  ],
  async run(args, context) {
    const { readSecret, print } = context;
    const key = await readKey(readSecret);
    const client = await connect(args, context);
    const verification = await client.verify(key, purposeOf(args));
    if (!verification.valid) await assertKeystore(client);
    print(args.isSet("json") ? `${JSON.stringify(verification)}\n` : describe(verification));
    return verification.valid ? 0 : NOT_VALID_STATUS;
  },
};

function purposeOf(args: Arguments): VerifyPurpose {
  const [scope, clientAddress] = [args.value("scope"), args.value("address")];
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
  };
}

const REASONS: Readonly<Record<string, string>> = {
  DISABLED: "is disabled",
  UNSUPPORTED: "is restricted in a way that only a later version of apikey understands",
  FORBIDDEN_NETWORK: "is not valid from there",
  INSUFFICIENT_SCOPE: "is not good for that",
};

function describe({ valid, code, alias, expiresAt }: Verification): string {
  if (alias === null) return "No API key like this one.\n";
  const key = `API key '${printable(alias)}'`;
  if (code === "EXPIRED") return `${key} has expired${expiresAt ? ` at ${expiresAt}` : ""}.\n`;
  if (!valid) return `${key} ${REASONS[code] ?? `is not valid: ${printable(code)}`}.\n`;
  return `${key} is valid${expiresAt === null ? "" : ` until ${expiresAt}`}.\n`;
}
