import { AppError } from "../errors.ts";
import { OVERFLOW_ID, type PeerCredentials } from "../model/peer_credentials.ts";

/** Who may call a route. */
export type Access = "admin" | "anyone";

/** Who counts as an administrator. */
export interface AccessPolicy {
  readonly adminUids: readonly number[];
  readonly adminGids: readonly number[];
}

/**
 * @throws AppError ERR_FORBIDDEN unless the kernel vouches for a peer that the policy lets in
 */
export function assertAccess(
  access: Access,
  peer: PeerCredentials | undefined,
  policy: AccessPolicy,
): void {
  if (access === "anyone") return;
  if (peer !== undefined && isAdmin(peer, policy)) return;
  throw new AppError("ERR_FORBIDDEN", "administrator privileges are required");
}

function isAdmin(peer: PeerCredentials, { adminUids, adminGids }: AccessPolicy): boolean {
  if (peer.uid !== OVERFLOW_ID && adminUids.includes(peer.uid)) return true;
  return [peer.gid, ...peer.groups].some((gid) => gid !== OVERFLOW_ID && adminGids.includes(gid));
}
