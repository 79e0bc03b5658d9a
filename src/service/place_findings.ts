import { accessSync, constants, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { formatInstant, type Instant } from "../model/instant.ts";
import { shellWord } from "../model/shell_word.ts";

/** A save writes the keystore anew, its usage file and its audit log besides. */
const SPARE_BYTES = 1024 * 1024;
const SPARE_FILES = 8;

/** Clocks of hosts that share a disk differ by less. */
const MAX_AHEAD_MS = 5 * 60_000;

/** Whether a file can be replaced where it is: the folder, and the file system that this is on. */
export function findAtPlace(path: string, nowMs: number): Finding[] {
  const folder = dirname(path);
  if (statOf(folder) === undefined) return [missingFolder(folder)];
  const readOnly = readOnlyFindings(folder);
  if (readOnly.length > 0) return readOnly;
  return [...roomFindings(path, folder), ...timeFindings(path, nowMs)];
}

function missingFolder(folder: string): Finding {
  const command = `install --directory --mode=700 ${shellWord(folder)}`;
  const text = `There is no folder ${folder}`;
  return mendedBy(command, { code: "folder-missing", severity: "error", text });
}

function readOnlyFindings(folder: string): Finding[] {
  try {
    accessSync(folder, constants.W_OK);
    return [];
  } catch (error) {
    if (systemErrorCode(error) !== "EROFS") return [];
    const mount = mountPointOf(folder);
    const text = `The file system ${mount} is read-only: nothing can be changed or recorded`;
    const command = `mount -o remount,rw ${shellWord(mount)}`;
    return [mendedBy(command, { code: "file-system-read-only", severity: "error", text })];
  }
}

/** Only its owner can say what may go. */
function roomFindings(path: string, folder: string): Finding[] {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  const bytes = bavail * bsize;
  const size = statOf(path)?.size ?? 0;
  const remedy =
    `make room on it: du --one-file-system --all ${shellWord(mountPointOf(folder))} | ` +
    "sort --numeric-sort | tail";
  const findings: Finding[] = [];
  if (bytes < SPARE_BYTES + 2 * size) {
    const text = `The file system of ${folder} has ${bytes} bytes left: too few for a save`;
    findings.push({ code: "disk-full", severity: "error", text, remedy, command: undefined });
  }
  // Some file systems make files as they need them, and count none.
  if (files > 0 && ffree < SPARE_FILES) {
    const text =
      `The file system of ${folder} has room for ${ffree} more files: too few for a save`;
    findings.push({ code: "inodes-used-up", severity: "error", text, remedy, command: undefined });
  }
  return findings;
}

/** Expiries are as right as the clock is. */
function timeFindings(path: string, nowMs: number): Finding[] {
  const stats = statOf(path);
  if (stats === undefined || stats.mtimeMs - nowMs <= MAX_AHEAD_MS) return [];
  const writtenAt = formatInstant(Math.floor(stats.mtimeMs) as Instant);
  return [{
    code: "written-in-the-future",
    severity: "warning",
    text: `${path} was written at ${writtenAt}, which is still to come: the clock is wrong, or was`,
    remedy: `if the clock is right now (timedatectl): touch --no-create ${shellWord(path)}`,
    command: `touch --no-create ${shellWord(path)}`,
  }];
}

function mountPointOf(path: string): string {
  const device = statOf(path)?.dev;
  const parent = dirname(path);
  return parent === path || statOf(parent)?.dev !== device ? path : mountPointOf(parent);
}

/** @returns undefined for what is not there, or cannot be seen */
function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
