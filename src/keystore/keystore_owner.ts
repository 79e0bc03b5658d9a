import { statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "../errors.ts";
import { OVERFLOW_ID } from "../model/peer_credentials.ts";
import type { GuardedFiles, Platform } from "../platform/platform.ts";

const ROOT_UID = 0;

/**
 * Whose a keystore is, and who may administer it in process: its owner and root.
 *
 * Where there is no file yet, one at the default path will be root's (or its folder's owner's), one
 * anywhere else belongs to who creates it.
 */
export function keystoreAdminUids(
  path: string,
  isDefault: boolean,
  { self, guardedFiles }: Pick<Platform, "self" | "guardedFiles">,
): number[] {
  const ownerOf = (of: string) => findOwner(of, guardedFiles);
  const owner = ownerOf(path) ?? (isDefault ? ownerOf(dirname(path)) ?? ROOT_UID : self.uid);
  // Nobody's file in a user namespace is really another user's, and this namespace's root is not
  // the root that administers it.
  if (self.isConfined && owner === OVERFLOW_ID) return [];
  return [ROOT_UID, owner];
}

/** @returns undefined where there is no such file; root for one that this process may not see */
function findOwner(path: string, guardedFiles: GuardedFiles | undefined): number | undefined {
  try {
    if (guardedFiles !== undefined) return guardedFiles.inspect(path)?.uid;
    return statSync(path, { throwIfNoEntry: false })?.uid;
  } catch (error) {
    if (systemErrorCode(error) === "ENOTDIR") return undefined;
    return ROOT_UID;
  }
}
