import { statSync } from "node:fs";
import { AppError } from "../errors.ts";
import { parseAuditRecord } from "../model/audit_record.ts";
import type { Finding } from "../model/finding.ts";
import { shellWord } from "../model/shell_word.ts";
import type { AuditStateDocument } from "../protocol/audit.ts";
import { AuditLines } from "./audit_log.ts";
import { checkLogs, describeVerdict, parseCertificates } from "./audit_verify.ts";
import type { CommandContext } from "./command.ts";
import type { DaemonSettings } from "./settings.ts";

/** Whether what was recorded is as it was recorded. */
export async function examineAudit(
  settings: DaemonSettings,
  context: CommandContext,
): Promise<Finding[]> {
  try {
    const client = await context.connect(settings);
    return await stateFindings(await client.auditState());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code === "ERR_AUDIT" ? [unusable(error.message)] : [];
  }
}

async function stateFindings(state: AuditStateDocument): Promise<Finding[]> {
  const { log, certificate } = state;
  if (log === null) return [off()];
  // What rotates logs may just have taken it away, and what has not been signed has no certificate.
  if (log === "journal" || certificate === null || !isThere(log)) return [];
  const subject = { paths: [log], trusted: parseCertificates(certificate), head: state };
  const report = await checkLogs(subject, await firstSequence(log));
  if (report.intact) return [];
  const text = `The audit log is not as it was written: ${describeVerdict(report)}`;
  return [{
    code: "audit-log-altered",
    severity: "error",
    text,
    remedy: "find out who did that; the log goes on in a new file when this one is out of the way",
    // Into no folder that somebody has put there.
    command: `mv --no-target-directory ${shellWord(log)} ${shellWord(`${log}.altered`)}`,
  }];
}

/** 1, or that of a log whose beginning has been rotated away. */
async function firstSequence(log: string): Promise<number> {
  for await (const { text, isWhole } of new AuditLines([log]).read()) {
    return (isWhole ? parseAuditRecord(text)?.sequence : undefined) ?? 1;
  }
  return 1;
}

function off(): Finding {
  return {
    code: "audit-log-off",
    severity: "hint",
    text: "Nobody records who does what to keys",
    remedy: "leave out auditLog, --audit-log and APIKEY_AUDIT_LOG",
    command: undefined,
  };
}

function unusable(text: string): Finding {
  const remedy =
    "what cannot be recorded is not done: the log and its folder have to be the keystore's owner's";
  return { code: "audit-log-unusable", severity: "error", text, remedy, command: undefined };
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
