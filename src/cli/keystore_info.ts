import { printable } from "../model/printable.ts";
import type { KeystoreEntry, KeystoreInfo } from "../protocol/keystore.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

export const keystoreInfoCommand: CommandSpec = {
  name: "keystore info",
  summary: "Show every entry of the keystore, without its secret",
  options: [JSON_OPTION, ...TARGET_OPTIONS],
  examples: ["apikey keystore info", "apikey keystore info --json"],
  async run(args, context) {
    const { print } = context;
    const client = await connect(args, context);
    const info = await client.keystoreInfo();
    print(args.isSet("json") ? `${JSON.stringify(info)}\n` : describe(info));
  },
};

const KINDS: Readonly<Record<string, string>> = {
  "api-key": "API key",
  "private-key": "private key",
};

const PASSWORDS: Readonly<Record<string, string>> = {
  entry: "opens with the entries' password",
  store: "opens with the store password",
  unknown: "does not open with the passwords known here",
};

function describe({ path, bytes, mac, entries, generations }: KeystoreInfo): string {
  const lines = [
    `${printable(path)}: ${bytes} bytes, ${entries.length} entries, MAC with HMAC-` +
    `${mac.digest.toUpperCase()}, ${mac.iterations} iterations`,
    ...generations.map((generation) =>
      `${printable(generation.path)}: as it was on ${generation.changedAt}`
    ),
    ...entries.flatMap((entry) => ["", ...describeEntry(entry)]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function describeEntry(entry: KeystoreEntry): string[] {
  const { kind, name, createdAt, encryption, password, algorithm, certificate } = entry;
  const details: readonly (readonly [label: string, text: string | null | undefined])[] = [
    ["created", createdAt],
    ["algorithm", algorithm],
    ["password", password && (PASSWORDS[password] ?? password)],
    ["encryption", encryption],
    ["subject", certificate?.subject],
    ["issuer", certificate?.issuer],
    ["serial", certificate?.serialNumber],
    ["valid", certificate && `${certificate.notBefore} to ${certificate.notAfter}`],
    ["SHA-256", certificate?.fingerprint],
  ];
  return [
    `${printable(name ?? "(no name)")}: ${KINDS[kind] ?? kind}`,
    ...details.filter(([, text]) => text).map(([label, text]) =>
      `  ${label.padEnd(11)}${printable(text ?? "")}`
    ),
  ];
}
