import { printable } from "../model/printable.ts";
import type { Status } from "../protocol/status.ts";
import type { CommandSpec } from "./command.ts";
import { counted, countedOthers } from "./counted.ts";
import { connect } from "./connect.ts";
import type { StatusOutput } from "./output_schemas.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";
import { findVersionSkew } from "../client/version_skew.ts";

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
    const { version } = context;
    const client = await connect(args, context);
    const status = await client.status();
    const skew = findVersionSkew(version, status.version);
    const warnings = skew ? [`${skew.text}: ${skew.remedy}`, ...status.warnings] : status.warnings;
    const output: StatusOutput = { ...status, commandVersion: version, warnings };
    context.print(args.isSet("json") ? `${JSON.stringify(output)}\n` : describe(output));
  },
};

/** A warning ends in what to do about it. */
const MAX_CHARACTERS = 10_000;

function describe(status: StatusOutput): string {
  const { server, keystore, password, auditLog, warnings } = status;
  const { savedAt } = keystore;
  const lines = [
    ...describeServer(status),
    ...(server.socket === null ? [] : [["Socket", server.socket]]),
    ...describeConnections(server),
    ["Keystore", keystore.path],
    ["Content", describeContent(keystore)],
    ...(savedAt === null ? [] : [["Saved", savedAt]]),
    ["Password", describePassword(password)],
    ["Audit log", auditLog ?? "none"],
    ...warnings.map((warning) => ["Warning", warning]),
  ];
  return lines.map(([label = "", text = ""]) =>
    `${`${label}:`.padEnd(11)}${printable(text, MAX_CHARACTERS)}\n`
  )
    .join("");
}

function describeServer({ server, version, commandVersion }: StatusOutput): string[][] {
  const { role, pid, startedAt } = server;
  if (role === "command") return [["Served by", `this command, version ${version}; no daemon`]];
  return [
    ["Served by", `daemon, pid ${pid}, version ${version}, since ${startedAt}`],
    ...(version === commandVersion ? [] : [["Command", `version ${commandVersion}`]]),
  ];
}

function describeConnections({ connections }: Status["server"]): string[][] {
  if (connections === null) return [];
  const { open, users } = connections;
  const text = `${counted(open, "connection")} of ${counted(users, "user")}`;
  return [["Peers", text]];
}

function describeContent({ exists, keys, states, otherEntries }: Status["keystore"]): string {
  if (!exists) return "none yet; the first `create` makes the file";
  const found = Object.entries(states ?? {}).filter(([, number]) => number > 0);
  const each = found.map(([state, number]) => `${number} ${state}`).join(", ");
  return `${counted(keys, "API key")}${each && ` (${each})`}, ` +
    countedOthers(otherEntries);
}

function describePassword(password: Status["password"]): string {
  if (password === null) return "none yet";
  const source = PASSWORD_SOURCES[password.source] ?? password.source;
  return password.path === null ? source : `${source}, ${password.path}`;
}
