import { AppError } from "../errors.ts";
import { parseDurationSeconds } from "../model/duration.ts";
import { printable } from "../model/printable.ts";
import type { Key } from "../protocol/keys.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

const LIST_OPTIONS: readonly OptionSpec[] = [
  { name: "long", description: "Show a table: when made, when used last, what for" },
  {
    name: "unused-for",
    value: "DURATION",
    description:
      "Only keys that nobody has used for so long (90d): at the daemon, not at MetricsHub",
  },
  {
    name: "expiring-within",
    value: "DURATION",
    description: "Only keys that expire within that time (14d)",
  },
];

export const listCommand: CommandSpec = {
  name: "list",
  summary: "List the API keys, masked",
  options: [...LIST_OPTIONS, JSON_OPTION, ...TARGET_OPTIONS],
  examples: [
    "apikey list",
    "apikey list --json",
    "apikey list --long --unused-for 90d",
    "apikey list --expiring-within 14d",
  ],
  async run(args, context) {
    const { print, terminalColumns, now } = context;
    const isWanted = filterOf(args, now());
    const client = await connect(args, context);
    const keys = (await client.listKeys()).filter(isWanted);
    if (args.isSet("json")) print(`${JSON.stringify({ keys })}\n`);
    else if (keys.length === 0) print("No API keys found.\n");
    else if (args.isSet("long")) print(await describeLong(keys, terminalColumns()));
    else print(keys.map((key) => `${describe(key)}\n`).join(""));
  },
};

/** @throws AppError ERR_USAGE */
function filterOf(args: Arguments, nowMs: number): (key: Key) => boolean {
  const [unusedMs, expiringMs] = ["unused-for", "expiring-within"].map((name) =>
    durationMs(args, name)
  );
  return ({ createdAt, lastUsedAt, expiresAt, expired }) => {
    const idleSince = lastUsedAt ?? createdAt;
    const isUnused = unusedMs === undefined || idleSince === null ||
      nowMs - Date.parse(idleSince) >= unusedMs;
    const isExpiring = expiringMs === undefined ||
      (!expired && expiresAt !== null && Date.parse(expiresAt) - nowMs <= expiringMs);
    return isUnused && isExpiring;
  };
}

function durationMs(args: Arguments, name: string): number | undefined {
  const text = args.value(name);
  const seconds = text === undefined ? undefined : parseDurationSeconds(text);
  if (text === undefined || seconds !== undefined) return seconds && seconds * 1000;
  const what = `invalid --${name} '${printable(text)}'`;
  throw new AppError("ERR_USAGE", `${what}: give a duration such as 14d`);
}

/** Days in UTC, so that it fits; `show` tells the rest. The package is loaded for those who want it. */
async function describeLong(keys: readonly Key[], columns: number | undefined): Promise<string> {
  const { formatTable } = await import("./table.ts");
  const header = [
    { name: "ALIAS", minWidth: 8 },
    { name: "KEY" },
    { name: "STATE" },
    { name: "CREATED" },
    { name: "EXPIRES" },
    { name: "LAST USED" },
    { name: "SCOPES", minWidth: 6 },
    { name: "DESCRIPTION", minWidth: 8 },
  ];
  return formatTable(header, keys.map(cells), columns);
}

function cells(key: Key): string[] {
  const day = (instant: string | null) => instant?.slice(0, 10) ?? "-";
  return [
    key.alias,
    key.maskedKey.slice(-4),
    stateOf(key),
    day(key.createdAt),
    day(key.expiresAt),
    day(key.lastUsedAt),
    key.scopes.join(" "),
    key.description ?? "",
  ].map((text) => printable(text, 1_000));
}

function stateOf({ readable, disabled, expired, supported, replacedBy }: Key): string {
  if (!readable) return "unreadable";
  if (disabled) return "disabled";
  if (expired) return "expired";
  if (!supported) return "refused";
  return replacedBy === null ? "valid" : "replaced";
}

function describe(key: Key): string {
  const { alias, maskedKey, expiresOn, expired, readable, disabled, supported } = key;
  const remarks = [
    ...(readable ? [] : ["Cannot be opened"]),
    ...(expiresOn === null ? [] : [`${expired ? "Expired" : "Expires"} on ${expiresOn}`]),
    ...(disabled ? ["Disabled"] : []),
    ...(supported ? [] : ["Not supported"]),
  ];
  return [printable(alias), printable(maskedKey), ...remarks.map((remark) => `(${remark})`)].join(
    " ",
  );
}
