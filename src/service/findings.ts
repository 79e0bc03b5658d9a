import type { GuardedFiles } from "../platform/platform.ts";
import { printable } from "../model/printable.ts";
import {
  AUDIT_ENTRY,
  findAuditBags,
  hasAuditEntry,
  openAuditEntry,
} from "../keystore/audit_entry.ts";
import { type FileFacts, inspectFile, inspectFolderOf } from "../keystore/file_facts.ts";
import type { Keystore, ReadableKeystore } from "../keystore/keystore.ts";
import { openKeys } from "../keystore/keystore_content.ts";
import { BUILT_IN_PASSWORD } from "../keystore/store_password.ts";

/** Something that is not as it should be, and what to do about it. */
export interface Finding {
  /** An error loses, leaks or hides something now; a warning may help somebody to. */
  readonly severity: "error" | "warning";
  /** A sentence without its full stop. */
  readonly text: string;
  readonly remedy: string;
}

/** What a look at the open keystore and at the files around it shows. */
export async function findIrregularities(
  keystore: ReadableKeystore,
  { path, guardedFiles }: Pick<Keystore, "path" | "guardedFiles">,
  socket: string | undefined,
): Promise<Finding[]> {
  return [
    ...faultFindings(keystore, path),
    ...passwordFindings(keystore),
    ...permissionFindings(keystore, path, guardedFiles),
    ...(socket === undefined || guardedFiles !== undefined ? [] : socketFindings(socket, path)),
    ...await entryFindings(keystore),
    ...await auditFindings(keystore),
  ];
}

function faultFindings({ fault }: ReadableKeystore, path: string): Finding[] {
  if (fault === undefined) return [];
  return [{
    severity: "error",
    text: `DAMAGED OR GONE: ${fault.message}; its last good state is served, nothing is changed`,
    remedy:
      `save that state with \`apikey keystore backup FILE\`, then \`apikey keystore restore ` +
      `FILE\`; or put ${path} right by other means`,
  }];
}

function passwordFindings({ stored }: ReadableKeystore): Finding[] {
  if (stored === undefined) return [];
  const findings: Finding[] = [];
  const { secret, isSuccessor, path } = stored.password;
  if (secret.reveal() === BUILT_IN_PASSWORD) {
    findings.push({
      severity: "warning",
      text: "The keystore's password is MetricsHub's built-in one, which is public: whoever can " +
        "read the file can open it",
      remedy:
        "keep others from the file; where no MetricsHub reads it: apikey keystore rekey --force",
    });
  }
  if (isSuccessor) {
    findings.push({
      severity: "warning",
      text: `The keystore's password is in ${path}, not yet in the place that it succeeds`,
      remedy: "any change with apikey completes that; a systemd credential is yours to replace",
    });
  }
  return findings;
}

function permissionFindings(
  { stored }: ReadableKeystore,
  path: string,
  guardedFiles: GuardedFiles | undefined,
): Finding[] {
  const keystore = inspectFile(path, guardedFiles);
  return [
    ...secretFileFindings("keystore", keystore),
    ...secretFileFindings("password file", passwordFile(stored, guardedFiles)),
    ...folderFindings("keystore", inspectFolderOf(path, guardedFiles), keystore?.uid),
  ];
}

/** What has the name of the audit log's key is never replaced. */
async function auditFindings({ content, stored }: ReadableKeystore): Promise<Finding[]> {
  if (stored === undefined || !hasAuditEntry(content.pfx)) return [];
  const bags = findAuditBags(content.pfx);
  if (bags && await openAuditEntry(bags, stored.storeKeys)) return [];
  return [{
    severity: "warning",
    text: `The entry ${AUDIT_ENTRY} is no key to sign with, so the audit log is not signed`,
    remedy: "remove it with keytool -delete; the next change makes another",
  }];
}

/** A pipe or a credential has no permissions to mind. */
function passwordFile(
  stored: ReadableKeystore["stored"],
  guardedFiles: GuardedFiles | undefined,
): FileFacts | undefined {
  const { source, path } = stored?.password ?? {};
  if (path === undefined || source === "systemd-credential") return undefined;
  return inspectFile(path, guardedFiles);
}

function secretFileFindings(name: string, facts: FileFacts | undefined): Finding[] {
  if (facts === undefined) return [];
  const { path, mode, privateRemedy } = facts;
  const findings: Finding[] = [];
  if ((mode & 0o007) !== 0) {
    findings.push({
      severity: "error",
      text: `Every user of this host can read or write the ${name} ${path}`,
      remedy: privateRemedy ?? `chmod o= ${path}`,
    });
  }
  if ((mode & 0o020) !== 0) {
    findings.push({
      severity: "warning",
      text: `The group of the ${name} ${path} can write to it`,
      remedy: privateRemedy ?? `chmod g-w ${path}`,
    });
  }
  return findings;
}

/** Whoever can write to a folder can put another file in the place of one in it. */
function folderFindings(
  name: string,
  facts: FileFacts | undefined,
  owner: number | undefined,
): Finding[] {
  if (facts === undefined) return [];
  const { path, mode, uid, privateRemedy } = facts;
  const findings: Finding[] = [];
  if ((mode & 0o1002) === 0o002) {
    findings.push({
      severity: "error",
      text: `Every user of this host can replace the ${name}: its folder ${path} is open to all`,
      remedy: privateRemedy ?? `chmod o-w ${path}`,
    });
  } else if ((mode & 0o1020) === 0o020) {
    findings.push({
      severity: "warning",
      text: `The group of the folder ${path} can replace the ${name} in it`,
      remedy: privateRemedy ?? `chmod g-w ${path}`,
    });
  }
  if (uid !== 0 && owner !== undefined && uid !== owner) {
    findings.push({
      severity: "warning",
      text: `The folder ${path} belongs to uid ${uid}, who can replace the ${name} in it`,
      remedy: privateRemedy ?? `chown ${owner} ${path}`,
    });
  }
  return findings;
}

function socketFindings(socket: string, keystorePath: string): Finding[] {
  const owner = inspectFile(keystorePath, undefined)?.uid;
  const findings = folderFindings("socket", inspectFolderOf(socket, undefined), owner);
  const facts = inspectFile(socket, undefined);
  if (facts === undefined || (facts.mode & 0o002) === 0) return findings;
  return [...findings, {
    severity: "warning",
    text: `Every user of this host can connect to ${facts.path}, if only to be turned away`,
    remedy: "start the daemon with another --socket-mode",
  }];
}

async function entryFindings({ content }: ReadableKeystore): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const key of await openKeys(content)) {
    if (key.lastCharacters !== undefined) continue;
    const alias = printable(key.alias);
    findings.push({
      severity: key.isDisabled ? "warning" : "error",
      text: key.isDisabled
        ? `The entry of disabled alias '${alias}' cannot be opened`
        : `The entry of alias '${alias}' cannot be opened, and MetricsHub finds no key behind it`,
      remedy: `apikey revoke ${alias}`,
    });
  }
  if (content.pfx.contents.some(({ bags }) => bags === undefined)) {
    findings.push({
      severity: "warning",
      text: "Part of the keystore is encrypted in a way that is not supported; it is kept as it is",
      remedy: "rewrite the keystore with a current keytool",
    });
  }
  return findings;
}
