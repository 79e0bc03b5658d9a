import { ERRORS } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { KeystoreCheck } from "../protocol/keystore.ts";
import type { CommandSpec } from "./command.ts";
import { counted, countedOthers } from "./counted.ts";
import { connect } from "./connect.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

const FOUND_ERRORS_STATUS = 1;
const MAX_LINE = 1_000;

export const keystoreCheckCommand: CommandSpec = {
  name: "keystore check",
  summary: "Open everything in the keystore, look at its files, and say what to do",
  options: [JSON_OPTION, ...TARGET_OPTIONS],
  examples: ["apikey keystore check", "apikey keystore check --keystore ./copy.p12"],
  async run(args, context) {
    const { print } = context;
    const client = await connect(args, context);
    const check = await client.checkKeystore();
    print(args.isSet("json") ? `${JSON.stringify(check)}\n` : describe(check));
    if (!check.opened) return ERRORS.ERR_KEYSTORE_UNREADABLE.exitStatus;
    return check.findings.some(({ severity }) => severity === "error") ? FOUND_ERRORS_STATUS : 0;
  },
};

function describe({ path, exists, opened, keys, otherEntries, findings }: KeystoreCheck): string {
  const lines = findings.flatMap(({ severity, text, remedy }) => [
    `${`${severity}:`.padEnd(9)}${printable(text, MAX_LINE)}`,
    `         ${printable(remedy, MAX_LINE)}`,
  ]);
  if (opened) lines.unshift(describeContent(path, exists, keys, otherEntries));
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  lines.push(`${counted(errors, "error")}, ${counted(warnings, "warning")}`);
  return lines.map((line) => `${line}\n`).join("");
}

function describeContent(
  path: string,
  exists: boolean,
  keys: number,
  otherEntries: number,
): string {
  if (!exists) return `There is no keystore ${printable(path)} yet.`;
  return `${printable(path)}: the MAC is right; ${counted(keys, "API key")} and ` +
    countedOthers(otherEntries);
}
