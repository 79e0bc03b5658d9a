import type { Finding } from "../model/finding.ts";
import { printable } from "../model/printable.ts";
import { shellWord } from "../model/shell_word.ts";
import {
  AUDIT_ENTRY,
  findAuditBags,
  hasAuditEntry,
  openAuditEntry,
} from "../keystore/audit_entry.ts";
import type { Keystore, ReadableKeystore } from "../keystore/keystore.ts";
import { openKeys } from "../keystore/keystore_content.ts";
import { BUILT_IN_PASSWORD } from "../keystore/store_password.ts";
import { findPermissions } from "./file_findings.ts";

/** What a look at the open keystore and at the files around it shows. */
export async function findIrregularities(
  keystore: ReadableKeystore,
  { path, guardedFiles }: Pick<Keystore, "path" | "guardedFiles">,
  socket: string | undefined,
): Promise<Finding[]> {
  const passwordFile = passwordFileOf(keystore);
  return [
    ...faultFindings(keystore, path),
    ...passwordFindings(keystore),
    ...findPermissions({ keystore: path, passwordFile, socket, guardedFiles }),
    ...await entryFindings(keystore),
    ...await auditFindings(keystore, path),
  ];
}

function faultFindings({ fault }: ReadableKeystore, path: string): Finding[] {
  if (fault === undefined) return [];
  const copy = `${path}.last-good`;
  return [{
    code: "keystore-fault",
    severity: "error",
    text: `DAMAGED OR GONE: ${fault.message}; its last good state is served, nothing is changed`,
    remedy:
      `save that state with \`apikey keystore backup FILE\`, then \`apikey keystore restore ` +
      `FILE\`; or put ${path} right by other means`,
    command: `apikey keystore backup ${shellWord(copy)} && apikey keystore restore ${
      shellWord(copy)
    }`,
  }];
}

function passwordFindings({ stored }: ReadableKeystore): Finding[] {
  if (stored === undefined) return [];
  const findings: Finding[] = [];
  const { secret, isSuccessor, path, source } = stored.password;
  if (secret.reveal() === BUILT_IN_PASSWORD) {
    findings.push({
      code: "password-built-in",
      severity: "warning",
      text: "The keystore's password is MetricsHub's built-in one, which is public: whoever can " +
        "read the file can open it",
      remedy:
        "keep others from the file; where no MetricsHub reads it: apikey keystore rekey --force",
      command: "apikey keystore rekey --force",
    });
  }
  if (isSuccessor) {
    findings.push({
      code: "password-not-in-place",
      severity: "warning",
      text: `The keystore's password is in ${path}, not yet in the place that it succeeds`,
      remedy: "any change with apikey completes that; a systemd credential is yours to replace",
      command: source === "systemd-credential" ? undefined : "apikey keystore rekey",
    });
  }
  return findings;
}

/** What has the name of the audit log's key is never replaced. */
async function auditFindings(
  { content, stored }: ReadableKeystore,
  path: string,
): Promise<Finding[]> {
  if (stored === undefined || !hasAuditEntry(content.pfx)) return [];
  const bags = findAuditBags(content.pfx);
  if (bags && await openAuditEntry(bags, stored.storeKeys)) return [];
  return [{
    code: "audit-key-unusable",
    severity: "warning",
    text: `The entry ${AUDIT_ENTRY} is no key to sign with, so the audit log is not signed`,
    remedy: "remove it with keytool -delete; the next change makes another",
    command: `keytool -delete -alias ${AUDIT_ENTRY} -keystore ${shellWord(path)}`,
  }];
}

/** A pipe or a credential has no permissions to mind. */
function passwordFileOf({ stored }: ReadableKeystore): string | undefined {
  const { source, path } = stored?.password ?? {};
  return source === "systemd-credential" ? undefined : path;
}

async function entryFindings({ content }: ReadableKeystore): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const key of await openKeys(content)) {
    if (key.lastCharacters !== undefined) continue;
    const alias = printable(key.alias);
    const dashes = key.alias.startsWith("-") ? "-- " : "";
    const command = `apikey revoke ${dashes}${shellWord(key.alias)}`;
    findings.push({
      code: "entry-unreadable",
      severity: key.isDisabled ? "warning" : "error",
      text: key.isDisabled
        ? `The entry of disabled alias '${alias}' cannot be opened`
        : `The entry of alias '${alias}' cannot be opened, and MetricsHub finds no key behind it`,
      remedy: command,
      command,
    });
  }
  if (content.pfx.contents.some(({ bags }) => bags === undefined)) {
    findings.push({
      code: "content-unsupported",
      severity: "warning",
      text: "Part of the keystore is encrypted in a way that is not supported; it is kept as it is",
      remedy: "rewrite the keystore with a current keytool",
      command: undefined,
    });
  }
  return findings;
}
