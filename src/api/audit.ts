import {
  AUDIT_DIGEST_PATH,
  AUDIT_PATH,
  auditDigestRequestSchema,
  auditDigestSchema,
  auditStateSchema,
} from "../protocol/audit.ts";
import type { Audit } from "../service/audit.ts";
import { READING } from "./operation.ts";
import { type Route, route } from "./route.ts";

/** What checks and searches of the audit log ask; the log itself is a file. */
export function auditRoutes(audit: Audit): Route[] {
  return [
    route({
      method: "GET",
      path: AUDIT_PATH,
      access: "admin",
      act: "audit",
      recorded: "refusals",
      operationId: "getAuditState",
      summary: "Tell where the audit log is, how far it has come, and how to check it",
      responses: { 200: { description: "The log itself is a file", schema: auditStateSchema } },
      problems: ["ERR_AUDIT", ...READING],
      async respond() {
        const { log, head, certificate } = await audit.state() ?? {};
        const body = {
          log: log ?? null,
          sequence: head?.sequence ?? 0,
          hash: head?.hash ?? "",
          certificate: certificate === undefined ? null : encodePem(certificate),
        };
        return { status: 200, body };
      },
    }),
    route({
      method: "POST",
      path: AUDIT_DIGEST_PATH,
      access: "admin",
      act: "audit-find",
      recorded: "refusals",
      operationId: "digestKey",
      summary: "Tell what the audit log has in a key's place",
      body: auditDigestRequestSchema,
      responses: { 200: { description: "By it records are found", schema: auditDigestSchema } },
      problems: READING,
      async respond({ body: { key } }) {
        return { status: 200, body: { digest: await audit.digest(key) ?? null } };
      },
    }),
  ];
}

const LINE = /.{1,64}/g;

/** RFC 7468, section 5. */
function encodePem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(LINE) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
