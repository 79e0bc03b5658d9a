import { X509Certificate } from "node:crypto";
import { AppError } from "../errors.ts";
import { type AuditFault, type AuditVerdict, verifyAuditLog } from "../model/audit_chain.ts";
import { type AuditHead, parseAuditHead } from "../model/audit_head.ts";
import { printable } from "../model/printable.ts";
import { requireCertificate } from "./audit_certificate.ts";
import { AuditLines, requireLog } from "./audit_log.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import { readWholeFile } from "./files.ts";
import type { Arguments } from "./option.ts";
import type { AuditVerifyOutput } from "./output_schemas.ts";
import { AUDIT_OPTIONS, JSON_OPTION } from "./settings.ts";

const NOT_INTACT_STATUS = 3;

export const auditVerifyCommand: CommandSpec = {
  name: "audit verify",
  argument: "[log...]",
  summary: "Check that no record of the audit log was altered, left out or put elsewhere",
  options: [
    {
      name: "certificate",
      value: "FILE",
      isRepeatable: true,
      description: "Go by the certificates in this PEM file, without a keystore or daemon",
    },
    { name: "first", value: "N", description: "With which record the log begins; else 1" },
    JSON_OPTION,
    ...AUDIT_OPTIONS,
  ],
  examples: [
    "apikey audit verify",
    "apikey audit verify audit.jsonl.2 audit.jsonl.1 audit.jsonl",
    "apikey audit verify copy.jsonl --certificate audit.pem",
  ],
  async run(args, context) {
    const first = parseFirst(args.value("first"));
    const report = await checkLogs(await whatToCheck(args, context), first);
    const text = args.isSet("json") ? JSON.stringify(report) : describeVerdict(report);
    context.print(`${text}\n`);
    return report.intact ? 0 : NOT_INTACT_STATUS;
  },
};

/** What to check, and by what. */
export interface AuditSubject {
  /** The oldest first. */
  readonly paths: readonly string[];
  /** In DER. */
  readonly trusted: readonly Uint8Array[];
  readonly head: AuditHead | undefined;
}

/**
 * @param first with which record the logs begin
 * @throws AppError ERR_FILE, ERR_FORBIDDEN
 */
export async function checkLogs(
  { paths, trusted, head }: AuditSubject,
  first: number,
): Promise<AuditVerifyOutput> {
  const lines = new AuditLines(paths);
  const verdict = await verifyAuditLog(lines.read(), { trusted, first, head });
  return reportOn(verdict, lines, { first, endChecked: head !== undefined });
}

async function whatToCheck(args: Arguments, context: CommandContext): Promise<AuditSubject> {
  const files = args.values("certificate");
  const paths = args.positionals;
  if (files !== undefined) {
    if (paths.length === 0) throw new AppError("ERR_USAGE", "which LOG? name one, or - for a pipe");
    return { paths, trusted: files.flatMap(readCertificates), head: headBeside(paths) };
  }
  const client = await connect(args, context);
  const state = await client.auditState();
  const log = paths.length > 0 ? undefined : requireLog(state, "audit verify");
  const trusted = parseCertificates(requireCertificate(state));
  if (log === undefined) {
    const isWholeLog = paths.at(-1) === (state.log === "journal" ? "-" : state.log);
    const head = isWholeLog ? state : headBeside(paths);
    return { paths, trusted, head };
  }
  return { paths: [log], trusted, head: state };
}

function parseFirst(text: string | undefined): number {
  if (text === undefined) return 1;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new AppError("ERR_USAGE", `invalid --first '${printable(text)}': give a record's number`);
}

const MAX_HEAD_BYTES = 4096;

/** What the writer of a log keeps beside it; undefined where it has not been copied along. */
function headBeside(paths: readonly string[]): AuditHead | undefined {
  try {
    const octets = readWholeFile(`${paths.at(-1)}.head`, MAX_HEAD_BYTES);
    return parseAuditHead(Buffer.from(octets).toString());
  } catch (error) {
    if (error instanceof AppError && error.code === "ERR_FILE") return undefined;
    throw error;
  }
}

const MAX_PEM_BYTES = 1024 * 1024;

function readCertificates(path: string): Uint8Array[] {
  const text = Buffer.from(readWholeFile(path, MAX_PEM_BYTES)).toString("latin1");
  const certificates = parseCertificates(text);
  if (certificates.length > 0) return certificates;
  throw new AppError("ERR_FILE", `there is no certificate in ${printable(path)}`);
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** RFC 7468 */
export function parseCertificates(text: string): Uint8Array[] {
  return (text.match(PEM) ?? []).flatMap((pem) => {
    try {
      return [new X509Certificate(pem).raw];
    } catch {
      return [];
    }
  });
}

function reportOn(
  verdict: AuditVerdict,
  lines: AuditLines,
  { first, endChecked }: { first: number; endChecked: boolean },
): AuditVerifyOutput {
  const { finding, records, last, vouched } = verdict;
  const range = { first: verdict.first ?? null, last: last.sequence || null };
  const counts = { records, ...range, endChecked };
  if (finding !== undefined) {
    const { fault, sequence } = finding;
    return { intact: false, fault, sequence, ...lines.place(finding.line), ...counts };
  }
  const nowhere = { path: null, line: null };
  if (records === 0) {
    return { intact: false, fault: "missing", sequence: first, ...nowhere, ...counts };
  }
  if (vouched === last.sequence) {
    return { intact: true, fault: null, sequence: null, ...nowhere, ...counts };
  }
  const sequence = Math.max(vouched + 1, first);
  return { intact: false, fault: "unsigned", sequence, ...nowhere, ...counts };
}

const FAULTS: Readonly<Record<AuditFault, string>> = {
  altered: "has been altered",
  missing: "is missing",
  "out of order": "is out of order",
  "cut off": "has been cut off",
};

/** In a line, or two. */
export function describeVerdict(
  { intact, fault, sequence, path, line, records, first, last, endChecked }: AuditVerifyOutput,
): string {
  if (intact) {
    const text = `${records} records, ${first} to ${last}, are as they were written and signed.`;
    return endChecked
      ? text
      : `${text}\nWhether more followed is not known: there is no .head beside it.`;
  }
  if (fault === "unsigned") {
    return `From record ${sequence} on nobody who is trusted has signed: anybody may have written it.`;
  }
  const what = `record ${sequence} ${FAULTS[fault as AuditFault]}`;
  return path === null ? `There are no records: ${what}.` : `${printable(path)}:${line}: ${what}`;
}
