import { sign } from "node:crypto";
import { resolve } from "node:path";
import { AuditHeadFile } from "../audit/head_file.ts";
import { auditJournal } from "../audit/journal.ts";
import { AuditLogFile } from "../audit/log_file.ts";
import type { PrivateFile } from "../audit/private_file.ts";
import type { AuditSink } from "../audit/sink.ts";
import { type AuditSigner, AuditTrail } from "../audit/trail.ts";
import { AppError, systemErrorCode } from "../errors.ts";
import type { AuditIdentity } from "../keystore/audit_entry.ts";
import { inheritOwner } from "../keystore/file_owner.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { keystoreAdminUids } from "../keystore/keystore_owner.ts";
import { targetPath } from "../keystore/target_path.ts";
import type { WriterLock } from "../keystore/writer_lock.ts";
import { certificateId } from "../model/audit_record.ts";
import { systemClock } from "../model/instant.ts";
import { type Audit, AuditService, NO_AUDIT } from "../service/audit.ts";
import type { Host } from "./host.ts";
import { identityOn, type KeystoreLocation } from "./keystore_location.ts";

/** In place of a path. */
const JOURNAL = "journal";
const NONE = "none";

export interface AuditOptions {
  readonly keystore: Keystore;
  readonly lock: WriterLock;
  readonly role: "daemon" | "command";
}

/** Whether what is done to this keystore is recorded. */
export function isAudited({ auditLog }: KeystoreLocation): boolean {
  return auditLog !== NONE;
}

export function openAudit(host: Host, location: KeystoreLocation, options: AuditOptions): Audit {
  if (!isAudited(location)) return NO_AUDIT;
  const { keystore, lock, role } = options;
  const identity = () => keystore.auditIdentity();
  return new AuditService({
    trail: openTrail(host, location, options),
    identity,
    inTurn: (work) => lock.run(work),
    isOwnProcess: role === "command",
    self: { peer: host.platform.self, peerProcess: () => host.platform.ownProcess() },
    complain: host.complain,
  });
}

function openTrail(host: Host, location: KeystoreLocation, options: AuditOptions): AuditTrail {
  const { keystore } = options;
  const { path } = location;
  const { self } = host.platform;
  const { uid, guardedFiles } = identityOn(host.platform);
  const owners = () => [self.uid, ...keystoreAdminUids(path, location.isDefault, host.platform)];
  const prepare = (descriptor: number) => inheritOwner(descriptor, targetPath(path), uid);
  const paths = auditPaths(location);
  return new AuditTrail({
    sink: openSink(host, paths.log, { owners, prepare, guardedFiles }),
    head: new AuditHeadFile({ path: paths.head, owners, prepare, guardedFiles }),
    signer: async () => signerOf(await keystore.auditIdentity().catch(unlessDefect)),
    clock: systemClock,
  });
}

function openSink(
  { platform }: Host,
  log: string,
  file: Omit<PrivateFile, "path">,
): AuditSink {
  if (log !== JOURNAL) return new AuditLogFile({ path: log, ...file });
  const send = platform.sendToJournal;
  if (send !== undefined) return auditJournal(send);
  throw new AppError("ERR_USAGE", "there is no journal on this system: give --audit-log a file");
}

/** The files of the audit log, by name; none for one that is in the journal, or for none. */
export function auditFiles(location: KeystoreLocation): (readonly [name: string, path: string])[] {
  if (!isAudited(location)) return [];
  const { log, head } = auditPaths(location);
  const files = [["audit log", log], ["audit log's head", head]] as const;
  return files.filter(([, path]) => path !== JOURNAL);
}

/** Beside the keystore unless somebody says otherwise. */
function auditPaths({ path, auditLog }: KeystoreLocation): { log: string; head: string } {
  const base = fileAt(path).replace(/\.p12$/i, "");
  if (auditLog === JOURNAL) return { log: JOURNAL, head: `${base}.audit.head` };
  const log = auditLog === undefined ? `${base}.audit.jsonl` : resolve(auditLog);
  if (isOwnFile(log, fileAt(path), base)) {
    throw new AppError("ERR_USAGE", `--audit-log: ${log} is the keystore's own file`);
  }
  return { log, head: `${log}.head` };
}

/** What is beside a keystore has a name for it, and the log would be in its place. */
function isOwnFile(log: string, keystore: string, base: string): boolean {
  const names = [`${base}.password`, `${base}.password.new`, `${base}.usage.json`];
  const rest = log.startsWith(keystore) ? log.slice(keystore.length) : undefined;
  const isBeside = rest !== undefined && /^(\.lock|\.(generation|unreadable)-\d+)?$/.test(rest);
  return isBeside || names.includes(log);
}

/** One log for all names of a keystore. */
function fileAt(path: string): string {
  try {
    return targetPath(path);
  } catch (error) {
    // Where there is no folder yet, or none at all, the lock is what fails.
    if (systemErrorCode(error) === undefined) throw error;
    return path;
  }
}

function signerOf(identity: AuditIdentity | undefined): AuditSigner | undefined {
  if (identity === undefined) return undefined;
  const { certificate, signingKey } = identity;
  return {
    id: certificateId(certificate),
    certificate,
    sign: (octets) => sign("sha256", octets, signingKey),
  };
}

/** A keystore that cannot be opened is for others to complain about. */
function unlessDefect(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}
