import { type FileFacts, inspectFile, inspectFolderOf } from "../keystore/file_facts.ts";
import { isMetricsHubInstall } from "../keystore/store_passwords.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { shellWord } from "../model/shell_word.ts";
import type { GuardedFiles } from "../platform/platform.ts";

export interface LookedAtFiles {
  readonly keystore: string;
  /** undefined where there is none, or none with permissions to mind */
  readonly passwordFile: string | undefined;
  /** Where a daemon listens. */
  readonly socket: string | undefined;
  /** In place of owners and modes; undefined where files have these. */
  readonly guardedFiles: GuardedFiles | undefined;
}

/** Who else may read, write or replace the files that matter, whatever is in them. */
export function findPermissions(files: LookedAtFiles): Finding[] {
  const { keystore, passwordFile, socket, guardedFiles } = files;
  const facts = inspectFile(keystore, guardedFiles);
  const folder = inspectFolderOf(keystore, guardedFiles);
  const password = passwordFile === undefined ? undefined : inspectFile(passwordFile, guardedFiles);
  return [
    ...secretFileFindings("keystore", facts),
    ...secretFileFindings("password file", password),
    ...folderFindings("keystore", folder, facts?.uid, isMetricsHubInstall(keystore)),
    ...(socket === undefined || guardedFiles !== undefined ? [] : socketFindings(socket, keystore)),
  ];
}

/** A file for its owner's eyes, and a group's at most. */
export function secretFileFindings(name: string, facts: FileFacts | undefined): Finding[] {
  if (facts === undefined) return [];
  const { path, mode, privateRemedy } = facts;
  const findings: Finding[] = [];
  if ((mode & 0o007) !== 0) {
    const text = `Every user of this host can read or write the ${name} ${path}`;
    const finding = { code: "file-open-to-all", severity: "error", text } as const;
    findings.push(mendedBy(privateRemedy ?? `chmod o= ${shellWord(path)}`, finding));
  }
  if ((mode & 0o020) !== 0) {
    const text = `The group of the ${name} ${path} can write to it`;
    const finding = { code: "file-open-to-group", severity: "warning", text } as const;
    findings.push(mendedBy(privateRemedy ?? `chmod g-w ${shellWord(path)}`, finding));
  }
  return findings;
}

/** Whoever can write to a folder can put another file in the place of one in it. */
function folderFindings(
  name: string,
  facts: FileFacts | undefined,
  owner: number | undefined,
  isMetricsHub: boolean,
): Finding[] {
  if (facts === undefined) return [];
  const { path, mode, uid, privateRemedy } = facts;
  const findings: Finding[] = [];
  if ((mode & 0o1002) === 0o002) {
    const text =
      `Every user of this host can replace the ${name}: its folder ${path} is open to all`;
    const finding = { code: "folder-open-to-all", severity: "error", text } as const;
    findings.push(mendedBy(privateRemedy ?? `chmod o-w ${shellWord(path)}`, finding));
  } else if ((mode & 0o1020) === 0o020) {
    const text = `The group of the folder ${path} can replace the ${name} in it`;
    const finding = { code: "folder-open-to-group", severity: "warning", text } as const;
    findings.push(mendedBy(privateRemedy ?? `chmod g-w ${shellWord(path)}`, finding));
  }
  // That of an installed MetricsHub is the keystore that is to change hands; see `findCompanions`.
  if (uid !== 0 && owner !== undefined && uid !== owner && !isMetricsHub) {
    const text = `The folder ${path} belongs to uid ${uid}, who can replace the ${name} in it`;
    const finding = { code: "folder-of-another", severity: "warning", text } as const;
    findings.push(
      mendedBy(privateRemedy ?? `chown --no-dereference ${owner} ${shellWord(path)}`, finding),
    );
  }
  return findings;
}

function socketFindings(socket: string, keystore: string): Finding[] {
  const owner = inspectFile(keystore, undefined)?.uid;
  const findings = folderFindings("socket", inspectFolderOf(socket, undefined), owner, false);
  const facts = inspectFile(socket, undefined);
  if (facts === undefined || (facts.mode & 0o002) === 0) return findings;
  return [...findings, {
    code: "socket-open-to-all",
    severity: "warning",
    text: `Every user of this host can connect to ${facts.path}, if only to be turned away`,
    remedy: "start the daemon with another --socket-mode",
    // It follows from the settings, and to change it here would lock a group out until then.
    command: undefined,
  }];
}
