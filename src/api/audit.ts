import {
  AUDIT_DIGEST_PATH,
  AUDIT_PATH,
  type AuditDigest,
  auditDigestRequestSchema,
  type AuditStateDocument,
} from "../protocol/audit.ts";
import type { Audit } from "../service/audit.ts";
import { parseBody, type Route } from "./route.ts";

/** What checks and searches of the audit log ask; the log itself is a file. */
export function auditRoutes(audit: Audit): Route[] {
  return [
    {
      method: "GET",
      path: AUDIT_PATH,
      access: "admin",
      act: "audit",
      recorded: "refusals",
      async respond() {
        const { log, head, certificate } = await audit.state() ?? {};
        const body: AuditStateDocument = {
          log: log ?? null,
          sequence: head?.sequence ?? 0,
          hash: head?.hash ?? "",
          certificate: certificate === undefined ? null : encodePem(certificate),
        };
        return { status: 200, body };
      },
    },
    {
      method: "POST",
      path: AUDIT_DIGEST_PATH,
      access: "admin",
      act: "audit-find",
      recorded: "refusals",
      async respond(call) {
        const { key } = await parseBody(call, auditDigestRequestSchema);
        const body: AuditDigest = { digest: await audit.digest(key) ?? null };
        return { status: 200, body };
      },
    },
  ];
}

const LINE = /.{1,64}/g;

/** RFC 7468, section 5. */
function encodePem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(LINE) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
