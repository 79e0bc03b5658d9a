import { AppError } from "../errors.ts";
import { type AuditRecord, parseAuditRecord } from "../model/audit_record.ts";
import { printable } from "../model/printable.ts";
import type { ApiClient } from "../client/api_client.ts";
import { AuditLines, requireLog } from "./audit_log.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { readKey } from "./key_input.ts";
import type { Arguments } from "./option.ts";
import type { AuditFindOutput } from "./output_schemas.ts";
import { AUDIT_OPTIONS, JSON_OPTION } from "./settings.ts";

const NONE_STATUS = 1;

export const auditFindCommand: CommandSpec = {
  name: "audit find",
  argument: "[log...]",
  summary: "Find the records of the API key on standard input, or of an alias, in the audit log",
  options: [
    { name: "alias", value: "ALIAS", description: "Find the records of this alias instead" },
    JSON_OPTION,
    ...AUDIT_OPTIONS,
  ],
  examples: ["apikey audit find < key.txt", "apikey audit find --alias mcp-openai"],
  async run(args, context) {
    const client = await connect(args, context);
    const isWanted = await filterOf(args, client, context);
    const { positionals } = args;
    const paths = positionals.length > 0
      ? positionals
      : [requireLog(await client.auditState(), "audit find --alias ALIAS")];
    const records: AuditRecord[] = [];
    for await (const { text, isWhole } of new AuditLines(paths).read()) {
      const record = isWhole ? parseAuditRecord(text) : undefined;
      if (record !== undefined && isWanted(record)) records.push(record);
    }
    const output: AuditFindOutput = { records };
    if (args.isSet("json")) context.print(`${JSON.stringify(output)}\n`);
    else if (records.length === 0) context.print("No audit records found.\n");
    else context.print(records.map((record) => `${describe(record)}\n`).join(""));
    return records.length === 0 ? NONE_STATUS : 0;
  },
};

async function filterOf(
  args: Arguments,
  client: ApiClient,
  { readSecret }: CommandContext,
): Promise<(record: AuditRecord) => boolean> {
  const alias = args.value("alias")?.toLowerCase();
  if (alias !== undefined) {
    return (record) => [record.alias, ...record.aliases ?? []].some((each) => isSame(each, alias));
  }
  if (args.positionals.includes("-")) {
    throw new AppError("ERR_USAGE", "standard input has the key: give the log as a file");
  }
  const digest = await client.auditDigest(await readKey(readSecret));
  return ({ key }) => digest !== null && key === digest;
}

function isSame(alias: string | undefined, wanted: string): boolean {
  return alias?.toLowerCase() === wanted;
}

/** One line for people. */
function describe(
  { sequence, at, act, outcome, peer, alias, reason, aliases }: AuditRecord,
): string {
  const parts = [
    `${sequence} ${at} ${act} ${outcome}`,
    ...(alias === undefined ? [] : [`'${alias}'`]),
    ...(aliases === undefined ? [] : [`(${aliases.join(", ")})`]),
    ...(reason === undefined ? [] : [reason]),
    ...(peer === null ? [] : [describePeer(peer)]),
  ];
  return printable(parts.join(" "), MAX_CHARACTERS);
}

const MAX_CHARACTERS = 2_000;

function describePeer(peer: NonNullable<AuditRecord["peer"]>): string {
  const { uid, pid, executable, loginUid, unit } = peer;
  return [
    `by uid ${uid}`,
    ...(loginUid === null || loginUid === uid ? [] : [`logged in as ${loginUid}`]),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(executable === null ? [] : [executable]),
    ...(unit === null ? [] : [unit]),
  ].join(", ");
}
