import { sign } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { AuditHeadFile } from "../../src/audit/head_file.ts";
import { AuditLogFile } from "../../src/audit/log_file.ts";
import { type AuditSigner, AuditTrail } from "../../src/audit/trail.ts";
import type { AuditFacts } from "../../src/model/audit_record.ts";
import { certificateId } from "../../src/model/audit_record.ts";
import { platform } from "./open_keystore.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { createSigningCertificate } from "../../src/x509/self_signed.ts";

/** One with a key of its own. */
export async function newSigner(name = "test"): Promise<AuditSigner> {
  const made = await createSigningCertificate(name, 0 as Instant);
  const key = Buffer.from(made.privateKeyInfo);
  const signingKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return {
    id: certificateId(made.certificate),
    certificate: made.certificate,
    sign: (octets) => sign("sha256", octets, signingKey),
  };
}

export interface TrailOptions {
  readonly signer?: () => AuditSigner | undefined;
}

/** A trail that writes into a folder: `log` and `log.head`. */
export function openTrail(
  folder: string,
  { signer = () => undefined }: TrailOptions = {},
): AuditTrail {
  const path = `${folder}/log`;
  const file = { owners: () => [0, platform.self.uid], prepare: () => undefined };
  return new AuditTrail({
    sink: new AuditLogFile({ path, ...file }),
    head: new AuditHeadFile({ path: `${path}.head`, ...file }),
    signer: () => Promise.resolve(signer()),
    clock: systemClock,
  });
}

export function factsOf(alias: string): AuditFacts {
  return { act: "create", outcome: "done", peer: null, alias };
}

/** Writes that many records, `size` of them together. */
export async function write(trail: AuditTrail, count: number, size: number): Promise<void> {
  for (let written = 0; written < count; written += size) {
    const group = Array.from({ length: Math.min(size, count - written) }, (_, index) => {
      return trail.append(factsOf(`key-${written + index}`), { isDurable: false });
    });
    await Promise.all(group);
  }
}
