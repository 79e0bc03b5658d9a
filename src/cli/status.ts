import { printable } from "../model/printable.ts";
import type { Status } from "../protocol/status.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

const PASSWORD_SOURCES: Readonly<Record<string, string>> = {
  "password-file": "from the given password file",
  "systemd-credential": "from systemd's credential",
  "keystore-folder": "from the password file beside the keystore",
  "metricshub-built-in": "MetricsHub's built-in one",
};

export const statusCommand: CommandSpec = {
  name: "status",
  summary: "Show who serves which keystore, and what needs attention",
  options: [JSON_OPTION, ...TARGET_OPTIONS],
  examples: ["apikey status", "apikey status --json"],
  async run(args, context) {
    const { print } = context;
    const client = await connect(args, context);
    const status = await client.status();
    print(args.isSet("json") ? `${JSON.stringify(status)}\n` : describe(status));
  },
};

/** A warning ends in what to do about it. */
const MAX_CHARACTERS = 10_000;

function describe(status: Status): string {
  const { version, server, keystore, password, auditLog, warnings } = status;
  const lines = [
    ["Keystore", keystore.path],
    ["Content", describeContent(keystore)],
    ["Password", describePassword(password)],
    [
      "Served by",
      server.role === "daemon"
        ? `daemon, pid ${server.pid}, version ${version}, since ${server.startedAt}`
        : `this command, version ${version}; no daemon`,
    ],
    ...(server.socket === null ? [] : [["Socket", server.socket]]),
    ["Audit log", auditLog ?? "none"],
    ...warnings.map((warning) => ["Warning", warning]),
  ];
  return lines.map(([label = "", text = ""]) =>
    `${`${label}:`.padEnd(11)}${printable(text, MAX_CHARACTERS)}\n`
  )
    .join("");
}

function describeContent({ exists, keys, otherEntries }: Status["keystore"]): string {
  if (!exists) return "none yet; the first `create` makes the file";
  const count = (number: number, one: string, many: string) =>
    `${number} ${number === 1 ? one : many}`;
  return `${count(keys, "API key", "API keys")}, ` +
    count(otherEntries, "other entry", "other entries");
}

function describePassword(password: Status["password"]): string {
  if (password === null) return "none yet";
  const source = PASSWORD_SOURCES[password.source] ?? password.source;
  return password.path === null ? source : `${source}, ${password.path}`;
}
