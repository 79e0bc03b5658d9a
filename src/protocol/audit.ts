import * as v from "valibot";
import { count } from "./count.ts";

export const AUDIT_PATH = "/v1/audit";
export const AUDIT_DIGEST_PATH = "/v1/audit/digest";

/** Where the audit log is, how far it has come, and with what to check it. */
export const auditStateSchema = v.object({
  /** A path, `journal`, or null where nobody keeps one. */
  log: v.nullable(v.string()),
  /** Of the last record; 0 for none. */
  sequence: count,
  /** Of its line: SHA-256 in base64url, as in `previous` of the record that will follow. */
  hash: v.string(),
  /** PEM; null as long as nothing has been signed. */
  certificate: v.nullable(v.string()),
});

export const auditDigestRequestSchema = v.strictObject({ key: v.string() });

/** What records have in place of a key; null where none can have it. */
export const auditDigestSchema = v.object({ digest: v.nullable(v.string()) });

export type AuditStateDocument = v.InferOutput<typeof auditStateSchema>;
export type AuditDigest = v.InferOutput<typeof auditDigestSchema>;
