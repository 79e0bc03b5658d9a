import type { Stats } from "node:fs";
import {
  type Companion,
  findCompanions,
  findLeftovers,
  GENERATION,
  PASSWORD_FILE,
} from "../keystore/companions.ts";
import { inspectFile, inspectFolderOf } from "../keystore/file_facts.ts";
import { isMetricsHubInstall } from "../keystore/store_passwords.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { shellWord } from "../model/shell_word.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { secretFileFindings } from "./file_findings.ts";

/**
 * Whoever has the folder may put a link in a file's place before root gets to type this, or one in the
 * place of the name that a file is to have.
 */
const CHOWN = "chown --no-dereference --reference";

export interface CompanionQuestion {
  readonly keystore: string;
  /** Files that belong to it wherever they are, by name: the audit log, its head. */
  readonly elsewhere: readonly (readonly [name: string, path: string])[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** In place of owners and modes; undefined where files have these. */
  readonly guardedFiles: GuardedFiles | undefined;
}

/**
 * Whether those who work on a keystore can work on what belongs to it, and nobody else can.
 *
 * @throws the system's error, for a folder that cannot be entered
 */
export function findAroundKeystore(question: CompanionQuestion): Finding[] {
  const { keystore, elsewhere, nowMs, guardedFiles } = question;
  const companions = findCompanions(keystore, elsewhere);
  const paths = [keystore, ...companions.map(({ path }) => path)];
  return [
    ...(guardedFiles === undefined ? installFindings(keystore) : []),
    ...companions.flatMap((companion) => companionFindings(companion, question)),
    ...findLeftovers(paths, nowMs).map(leftover),
  ];
}

/** MetricsHub runs as whoever has its folders, and reads the keystore as such. */
function installFindings(keystore: string): Finding[] {
  const [file, folder] = [inspectFile(keystore, undefined), inspectFolderOf(keystore, undefined)];
  if (file === undefined || folder === undefined || !isMetricsHubInstall(keystore)) return [];
  if (folder.uid === 0 || folder.uid === file.uid) return [];
  const text =
    `The keystore ${keystore} belongs to uid ${file.uid}, and the MetricsHub around it to ` +
    `uid ${folder.uid}, who may not be able to read it`;
  const command = `${CHOWN}=${shellWord(folder.path)} ${shellWord(keystore)}`;
  return [mendedBy(command, { code: "keystore-not-metricshubs", severity: "error", text })];
}

function companionFindings(
  companion: Companion,
  { keystore, guardedFiles }: CompanionQuestion,
): Finding[] {
  const { name, path, stats } = companion;
  if (!stats.isFile()) return [oddFinding(companion)];
  if (guardedFiles !== undefined) {
    return secretFileFindings(name, inspectFile(path, guardedFiles));
  }
  const facts = { path, mode: stats.mode & 0o1777, uid: stats.uid };
  return [...ownerFindings(companion, keystore), ...secretFileFindings(name, facts)];
}

/** Neither links nor pipes nor folders are followed there: somebody else may have put them there. */
function oddFinding({ name, path, stats }: Companion): Finding {
  const [from, to] = [shellWord(path), shellWord(`${path}.moved`)];
  const text = `What should be the ${name} is ${kindOf(stats)}: ${path}`;
  return mendedBy(`mv --no-target-directory ${from} ${to}`, {
    code: "file-of-another-kind",
    severity: "error",
    text,
  });
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a link";
  return stats.isDirectory() ? "a folder" : "no plain file";
}

/** A daemon that runs as the keystore's owner cannot write what is somebody else's. */
function ownerFindings({ name, path, stats }: Companion, keystore: string): Finding[] {
  const file = inspectFile(keystore, undefined);
  if (file === undefined || file.uid === stats.uid) return [];
  // A password that an administrator lends to a group.
  if (name === PASSWORD_FILE && stats.uid === 0 && (stats.mode & 0o040) !== 0) return [];
  // To give an earlier state another name takes no more than the folder.
  const severity = name === GENERATION ? "warning" : "error";
  const text = `The ${name} ${path} belongs to uid ${stats.uid}, the keystore to uid ${file.uid}`;
  const command = `${CHOWN}=${shellWord(keystore)} ${shellWord(path)}`;
  return [mendedBy(command, { code: "file-of-another", severity, text })];
}

function leftover(path: string): Finding {
  const text = `A save that was killed has left ${path}, which the next one removes`;
  return mendedBy(`rm ${shellWord(path)}`, { code: "leftover", severity: "warning", text });
}
