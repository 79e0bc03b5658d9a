import { createHash } from "node:crypto";
import * as v from "valibot";

/** What became of an act: `asked` stands before it, the others after it; `counted` for many at once. */
const AUDIT_OUTCOMES = ["asked", "done", "refused", "failed", "counted"] as const;

const text = v.string();
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Who asked, as the kernel said; null for what nobody could tell. */
const peerSchema = v.object({
  uid: natural,
  gid: v.nullable(natural),
  pid: v.nullable(natural),
  executable: v.nullable(text),
  /** As whom the user once logged in, whatever sudo made of it since. */
  loginUid: v.nullable(natural),
  /** Of systemd: a service, or the scope of a session. */
  unit: v.nullable(text),
});

/** What a record is about. */
const factsEntries = {
  /** Such as `create`; `daemon` for its own start and end. */
  act: text,
  outcome: v.picklist(AUDIT_OUTCOMES),
  peer: v.nullable(peerSchema),
  alias: v.exactOptional(text),
  /** Where one act is about several keys. */
  aliases: v.exactOptional(v.array(text)),
  /** What the daemon's log calls the request for it. */
  request: v.exactOptional(text),
  /** A code of the error table, or of a verification. */
  reason: v.exactOptional(text),
  /** What a key can be recognised by, for those who have the keystore. */
  key: v.exactOptional(text),
  /** From where a key was presented. */
  clientAddress: v.exactOptional(text),
  /** What has been changed. */
  changes: v.exactOptional(v.array(text)),
  /** The sequence number of the record that was written before the act. */
  of: v.exactOptional(natural),
  /** By reason. */
  counts: v.exactOptional(v.record(text, natural)),
};

export const auditRecordSchema = v.object({
  v: v.literal(1),
  /** From 1 on, without a gap, over all logs of a keystore. */
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** RFC 3339, UTC. */
  at: v.pipe(text, v.isoTimestamp()),
  ...factsEntries,
  /** {@link hashLine} of the record before; empty in the very first. */
  previous: text,
  /** {@link certificateId} of whose signature follows. */
  signer: v.exactOptional(text),
  /** The DER of the signer's certificate in base64, where it signs for the first time. */
  certificate: v.exactOptional(text),
  signature: v.exactOptional(text),
});

const factsSchema = v.object(factsEntries);

export type AuditPeer = v.InferOutput<typeof peerSchema>;
export type AuditFacts = v.InferOutput<typeof factsSchema>;
export type AuditRecord = v.InferOutput<typeof auditRecordSchema>;

/** The record of a line; undefined for a line that is none. */
export function parseAuditRecord(line: string): AuditRecord | undefined {
  try {
    const result = v.safeParse(auditRecordSchema, JSON.parse(line));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What chains a record to the line before it: SHA-256 of its octets without the line's end. */
export function hashLine(line: string): string {
  return createHash("sha256").update(line, "utf8").digest("base64url");
}

const ID_OCTETS = 16;

/** By what records name a certificate: the first 128 bits of its SHA-256 fingerprint. */
export function certificateId(der: Uint8Array): string {
  return createHash("sha256").update(der).digest().subarray(0, ID_OCTETS).toString("base64url");
}

/** A line with the signature of what it was without one: `{…}` becomes `{…,"signature":"…"}`. */
export function withSignature(line: string, signature: string): string {
  return `${line.slice(0, -1)},"signature":"${signature}"}`;
}

const SIGNED_LINE = /^(.*),"signature":"([A-Za-z0-9+/]+={0,2})"\}$/s;

/** @returns what was signed and by what, or undefined for a line without a signature */
export function splitSignature(line: string): { signed: string; signature: string } | undefined {
  const [, rest, signature] = SIGNED_LINE.exec(line) ?? [];
  if (rest === undefined || signature === undefined) return undefined;
  return { signed: `${rest}}`, signature };
}
