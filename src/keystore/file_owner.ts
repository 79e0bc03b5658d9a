import { fchownSync, fstatSync, statSync } from "node:fs";
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
