import { AppError } from "../errors.ts";
import { OVERFLOW_ID, type PeerCredentials } from "../model/peer_credentials.ts";

/**
 * Who may call a route. Whoever administers keys may verify them, too.
 */
export const ACCESSES = ["admin", "verifier", "anyone"] as const;

export type Access = (typeof ACCESSES)[number];

/** Who counts as an administrator, and who as a verifier. */
export interface AccessPolicy {
  readonly adminUids: readonly number[];
  readonly adminGids: readonly number[];
  readonly verifierGids: readonly number[];
}

/** The most that a peer may: nothing but what is for anyone unless the kernel vouches for it. */
export function accessOf(peer: PeerCredentials | undefined, policy: AccessPolicy): Access {
  if (peer === undefined) return "anyone";
  const isAdmin = peer.uid !== OVERFLOW_ID && policy.adminUids.includes(peer.uid);
  if (isAdmin || isMember(peer, policy.adminGids)) return "admin";
  return isMember(peer, policy.verifierGids) ? "verifier" : "anyone";
}

/** Whether who may do `actual` at the most may do `access`. */
export function admits(access: Access, actual: Access): boolean {
  return access === "anyone" || actual === "admin" || actual === access;
}

/**
 * @throws AppError ERR_FORBIDDEN unless the kernel vouches for a peer that the policy lets in
 */
export function assertAccess(
  access: Access,
  peer: PeerCredentials | undefined,
  policy: AccessPolicy,
): void {
  if (admits(access, accessOf(peer, policy))) return;
  const text = access === "admin"
    ? "administrator privileges are required"
    : "verifying keys takes administrator privileges or membership in the verifier group";
  throw new AppError("ERR_FORBIDDEN", text);
}

function isMember({ gid, groups }: PeerCredentials, gids: readonly number[]): boolean {
  return gids.some((member) => {
    return member !== OVERFLOW_ID && (member === gid || groups.includes(member));
  });
}
