import { fchmodSync, fchownSync, fstatSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Gives a file that root has just created beside a keystore to whoever it belongs to: the keystore's
 * owner, or the folder's as long as there is no keystore. What root does once must not lock out the
 * user that MetricsHub, or a daemon, runs under.
 *
 * A folder that all share, such as /tmp, says nothing about its files.
 *
 * @param uid the effective uid; undefined on Windows
 */
export function inheritOwner(
  descriptor: number,
  keystorePath: string,
  uid: number | undefined,
): void {
  if (uid !== 0) return;
  const keystore = statSync(keystorePath, { throwIfNoEntry: false });
  const heir = keystore ?? statSync(dirname(keystorePath));
  if (keystore === undefined && (heir.mode & 0o1000) !== 0) return;
  const file = fstatSync(descriptor);
  if (heir.uid !== file.uid || heir.gid !== file.gid) fchownSync(descriptor, heir.uid, heir.gid);
}

/**
 * Gives a new file the owner and mode of the one whose place it will take, or if there is none, what
 * {@link inheritOwner} gives it.
 *
 * @param uid the effective uid; undefined on Windows
 */
export function keepOwnerAndMode(
  descriptor: number,
  target: string,
  uid: number | undefined,
): void {
  if (uid === undefined) return;
  const created = fstatSync(descriptor);
  const existing = statSync(target, { throwIfNoEntry: false });
  if (existing === undefined) return inheritOwner(descriptor, target, uid);
  if (existing.uid !== created.uid || existing.gid !== created.gid) {
    fchownSync(descriptor, existing.uid, existing.gid);
  }
  // Only now, as a wider mode under another group would open the file to that group.
  if ((existing.mode & 0o777) !== (created.mode & 0o777)) {
    fchmodSync(descriptor, existing.mode & 0o777);
  }
}
