import { readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import type { DaemonSettings } from "../cli/settings.ts";
import { AppError, systemErrorCode } from "../errors.ts";
import { distrustFile, distrustFolders } from "../file_trust.ts";
import { targetPath } from "../keystore/target_path.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { findAroundKeystore } from "../service/companion_findings.ts";
import { findPermissions } from "../service/file_findings.ts";
import { findAtPlace } from "../service/place_findings.ts";
import { systemErrorReason } from "../system_error.ts";
import { passwordPath } from "../keystore/store_password.ts";
import type { GuardedFiles, Platform } from "../platform/platform.ts";
import type { Host } from "./host.ts";
import { type KeystoreLocation, locateKeystore, locateSocket } from "./keystore_location.ts";
import { auditFiles } from "./open_audit.ts";

/**
 * What an installation looks like from outside, whether or not anybody serves and whatever is in the
 * keystore.
 */
export function examine({ platform }: Host, settings: DaemonSettings): Finding[] {
  const location = locateKeystore(settings);
  const { guardedFiles } = platform;
  return [
    ...executableFindings(platform),
    ...timeZoneFindings(),
    ...attempt(() => placeFindings(location)),
    ...attempt(() => fileFindings(location, locateSocket(settings), guardedFiles)),
    ...attempt(() => holderFindings(location, locateSocket(settings), platform)),
  ];
}

/** The first key makes the folder that nobody has named. */
function placeFindings(location: KeystoreLocation): Finding[] {
  const { path, isBuiltIn } = location;
  const audit = auditFiles(location).map(([, file]) => file);
  const paths = isBuiltIn && !isThere(dirname(path)) ? [] : [path, ...audit];
  return uniquePlaces(paths).flatMap((each) => findAtPlace(each, Date.now()));
}

function fileFindings(
  location: KeystoreLocation,
  socket: string,
  guardedFiles: GuardedFiles | undefined,
): Finding[] {
  if (!isThere(dirname(location.path))) return [];
  const keystore = targetPath(location.path);
  const passwordFile = location.passwordFile ?? passwordPath({ keystorePath: keystore });
  return [
    ...findPermissions({ keystore, passwordFile, socket, guardedFiles }),
    ...findAroundKeystore({
      keystore,
      elsewhere: auditFiles(location),
      nowMs: Date.now(),
      guardedFiles,
    }),
  ];
}

/** A daemon whose socket somebody has removed serves nobody, and keeps everybody else from it. */
function holderFindings(
  { path }: KeystoreLocation,
  socket: string,
  { lockHolder, pipes }: Platform,
): Finding[] {
  if (pipes !== undefined || !isThere(dirname(path)) || isThere(socket)) return [];
  const lock = `${targetPath(path)}.lock`;
  const holder = heldBy(lock, lockHolder);
  if (holder?.role !== "daemon") return [];
  const { pid } = holder;
  const text =
    `The daemon with pid ${pid} has the keystore ${path}, and there is no socket ${socket}`;
  return [{
    code: "daemon-without-socket",
    severity: "error",
    text,
    remedy: "it may listen elsewhere; else end it, and start another one",
    command: mayHold(pid, lock) ? `kill ${pid}` : undefined,
  }];
}

/** What the lock says was written by its owner, who is not to have root end somebody else's process. */
function mayHold(pid: number, lock: string): boolean {
  try {
    const { uid } = statSync(lock);
    const [, own] = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return uid === 0 || own === String(uid);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** What is no lock has been found besides. */
function heldBy(lock: string, lockHolder: Platform["lockHolder"]) {
  try {
    return lockHolder(lock);
  } catch (error) {
    if (!(error instanceof AppError) && systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Whoever can replace it can have it do anything, as root. */
function executableFindings({ self: { uid }, guardedFiles }: Platform): Finding[] {
  const path = realpathSync(process.execPath);
  const facts = guardedFiles?.inspect(path) ?? statSync(path);
  const distrust = distrustFile(path, facts, uid, guardedFiles) ??
    distrustFolders(path, uid, guardedFiles);
  if (distrust === undefined) return [];
  const owner = distrust.owner === undefined
    ? "others can write"
    : `uid ${distrust.owner} can write`;
  const text = `The executable ${path} may not be what it was: ${owner} to ${distrust.path}`;
  return [mendedBy(distrust.command, { code: "executable-writable", severity: "error", text })];
}

/** MetricsHub goes by the host's clock when it looks at expiries. */
function timeZoneFindings(): Finding[] {
  const zone = process.env["TZ"]?.replace(/^:/, "");
  const host = hostZone();
  if (!zone || host === undefined || canonical(zone) === canonical(host)) return [];
  const text =
    `TZ is ${zone} here and the host's time zone is ${host}: expiries are the host's time`;
  return [mendedBy("unset TZ", { code: "time-zone", severity: "warning", text })];
}

/** @returns undefined for what is none */
function canonical(timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** @returns undefined where the system does not say */
function hostZone(): string | undefined {
  try {
    return /\/zoneinfo\/(.+)$/.exec(readlinkSync("/etc/localtime"))?.[1];
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** One path for each folder: what is wrong with that is said once. */
function uniquePlaces(paths: readonly string[]): string[] {
  const places = new Map<string, string>();
  for (const path of paths.map((each) => resolve(each))) {
    if (!places.has(dirname(path))) places.set(dirname(path), path);
  }
  return [...places.values()];
}

/** What cannot be looked at is a finding of its own: mostly of who asks. */
function attempt(find: () => Finding[]): Finding[] {
  try {
    return find();
  } catch (error) {
    const text = `Part of it cannot be looked at: ${reasonOf(error)}`;
    const finding = { code: "not-seen", severity: "warning", text } as const;
    if (process.getuid?.() !== 0) return [mendedBy("sudo apikey doctor", finding)];
    return [{ ...finding, remedy: "see what the system says of it", command: undefined }];
  }
}

/** @throws what is neither the system's error nor apikey's own */
function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined ? systemErrorReason(code) : `${path}: ${systemErrorReason(code)}`;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
