import { createHmac } from "node:crypto";
import { AppError, type ErrorCode, ERRORS } from "../errors.ts";
import type { AuditFacts, AuditPeer } from "../model/audit_record.ts";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";

/** What somebody wants to do. */
export interface AskedAct {
  /** Such as `create`. */
  readonly act: string;
  readonly peer: PeerCredentials | undefined;
  readonly peerProcess: () => PeerProcess | undefined;
  readonly alias: string | undefined;
  /** What the daemon's log calls it; undefined for what nobody sent a request for. */
  readonly request?: { readonly id: string } | undefined;
}

/** Foreign text in a record. */
const MAX_CHARACTERS = 300;

/** 128 bits tell keys apart, and nobody can find a key by them. */
const DIGEST_OCTETS = 16;

export function factsOf(
  { act, peer, peerProcess, alias, request }: AskedAct,
): Omit<AuditFacts, "outcome"> {
  return {
    act,
    peer: peer === undefined ? null : describePeer(peer, peerProcess()),
    ...(alias === undefined ? {} : { alias: clip(alias) }),
    ...(request === undefined ? {} : { request: request.id }),
  };
}

function describePeer(
  { uid, gid, pid }: PeerCredentials,
  facts: PeerProcess | undefined,
): AuditPeer {
  return {
    uid,
    gid,
    pid: pid ?? null,
    executable: clipOrNull(facts?.executable),
    loginUid: facts?.loginUid ?? null,
    unit: clipOrNull(facts?.unit),
  };
}

/** What is left of many. */
export function peerOf(uid: number): AuditPeer {
  return { uid, gid: null, pid: null, executable: null, loginUid: null, unit: null };
}

export function reasonOf(error: unknown): { outcome: "refused" | "failed"; reason: ErrorCode } {
  const reason = error instanceof AppError ? error.code : "ERR_INTERNAL";
  return { outcome: ERRORS[reason].httpStatus < 500 ? "refused" : "failed", reason };
}

export function digestOf(digestKey: Uint8Array, key: string): string {
  const digest = createHmac("sha256", digestKey).update(key).digest();
  return digest.subarray(0, DIGEST_OCTETS).toString("base64url");
}

function clipOrNull(text: string | undefined): string | null {
  return text === undefined ? null : clip(text);
}

/** Foreign text: no more than {@link MAX_CHARACTERS}, or their double as JSON, where controls take six octets each. */
export function clip(text: string): string {
  const cut = text.slice(0, MAX_CHARACTERS).toWellFormed();
  const isLong = Buffer.byteLength(JSON.stringify(cut)) > 2 * MAX_CHARACTERS;
  return isLong ? cut.slice(0, MAX_CHARACTERS / 3).toWellFormed() : cut;
}
