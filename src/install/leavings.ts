import { lchownSync, lstatSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { SERVICE_NAME } from "./systemd_units.ts";
import type { RunTool } from "./tool.ts";

/** What is left when the service itself has gone. */
export interface Leavings {
  readonly keystorePath: string;
  /** Where the service's own user has the keystore; undefined where it is another's. */
  readonly stateFolder: string | undefined;
  /** What is nothing's but the service's, to remove with the mount points in it. */
  readonly rootFolder: string;
  /** Where others may have something, too: removed once it is empty. */
  readonly socketFolder: string;
}

/**
 * Clears away all but the keystore and what belongs to it. That becomes root's, as a user who comes
 * later may be given the number of the one who goes.
 *
 * @returns what has been done, a line each
 */
export async function removeLeavings(leavings: Leavings, run: RunTool): Promise<string[]> {
  const { stateFolder, rootFolder, socketFolder } = leavings;
  const done: string[] = [];
  removeEmptyFolders(rootFolder);
  removeIfEmpty(socketFolder);
  if (stateFolder !== undefined && isFolder(stateFolder)) giveToRoot(stateFolder);
  for (const [tool, kind] of [["userdel", "user"], ["groupdel", "group"]] as const) {
    // Where there is none, or it went with the one before, there is nothing to do.
    const { status } = await run([tool, SERVICE_NAME]);
    if (status === 0) done.push(`${kind} ${SERVICE_NAME} removed`);
  }
  return done;
}

export function describeStaying({ keystorePath }: Leavings): string[] {
  return isThere(keystorePath) ? [`${keystorePath} stays, with what is beside it`] : [];
}

function giveToRoot(folder: string): void {
  for (const name of readdirSync(folder)) lchownSync(join(folder, name), 0, 0);
  lchownSync(folder, 0, 0);
}

/** The mount points that a service leaves in its folder. */
function removeEmptyFolders(folder: string): void {
  if (!isFolder(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  removeIfEmpty(folder);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    // Something is in it, or it is not there.
    if (systemErrorCode(error) === undefined) throw error;
  }
}

/** And no link to somebody else's, in which everything would become root's. */
function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
