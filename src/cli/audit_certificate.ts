import { AppError } from "../errors.ts";
import type { AuditStateDocument } from "../protocol/audit.ts";
import type { CommandSpec } from "./command.ts";
import { connect } from "./connect.ts";
import type { AuditCertificateOutput } from "./output_schemas.ts";
import { AUDIT_OPTIONS, JSON_OPTION } from "./settings.ts";

export const auditCertificateCommand: CommandSpec = {
  name: "audit certificate",
  summary: "Print the certificate with which anybody can check the audit log, in PEM",
  options: [JSON_OPTION, ...AUDIT_OPTIONS],
  examples: ["apikey audit certificate > audit.pem"],
  async run(args, context) {
    const { print } = context;
    const client = await connect(args, context);
    const state = await client.auditState();
    const output: AuditCertificateOutput = { certificate: requireCertificate(state) };
    print(args.isSet("json") ? `${JSON.stringify(output)}\n` : output.certificate);
  },
};

/** @throws AppError ERR_AUDIT_UNSIGNED */
export function requireCertificate({ certificate }: AuditStateDocument): string {
  if (certificate !== null) return certificate;
  const text = "there is no certificate to check records with: the first change of the keystore " +
    "under an audit log makes one";
  throw new AppError("ERR_AUDIT_UNSIGNED", text);
}
