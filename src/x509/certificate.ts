// The package below needs its metadata in place before it is loaded.
import "reflect-metadata";
import { X509Certificate } from "@peculiar/x509";
import { createHash } from "node:crypto";
import { type Instant, parseEpochMs } from "../model/instant.ts";

/** What an operator wants to know of an X.509 certificate (RFC 5280). */
export interface CertificateDescription {
  /** Distinguished names in the form of RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  /** In hexadecimal. */
  readonly serialNumber: string;
  readonly notBefore: Instant | undefined;
  readonly notAfter: Instant | undefined;
  /** Such as `EC P-256`. */
  readonly publicKey: string;
  /** SHA-256 over the DER, in hexadecimal with colons, as other tools print it. */
  readonly fingerprint: string;
}

/** @returns undefined for octets that are no certificate */
export function describeCertificate(der: Uint8Array): CertificateDescription | undefined {
  try {
    const certificate = new X509Certificate(new Uint8Array(der));
    return {
      subject: certificate.subject,
      issuer: certificate.issuer,
      serialNumber: certificate.serialNumber,
      notBefore: parseEpochMs(certificate.notBefore.getTime()),
      notAfter: parseEpochMs(certificate.notAfter.getTime()),
      publicKey: describePublicKey(certificate.publicKey.algorithm),
      fingerprint: fingerprint(der),
    };
  } catch {
    // The package throws errors of many kinds; none of them says more than this.
    return undefined;
  }
}

/** @param algorithm of Web Cryptography */
function describePublicKey(algorithm: unknown): string {
  const { name, namedCurve, modulusLength } = algorithm as {
    readonly name: string;
    readonly namedCurve?: string;
    readonly modulusLength?: number;
  };
  // Web Cryptography names a key after one use of it: RSASSA-PKCS1-v1_5, ECDSA.
  const [kind = name] = /^(?:RSA|EC)/.exec(name) ?? [];
  return [kind, namedCurve ?? modulusLength].filter((part) => part !== undefined).join(" ");
}

function fingerprint(der: Uint8Array): string {
  const hex = createHash("sha256").update(der).digest("hex").toUpperCase();
  return hex.match(/../g)?.join(":") ?? "";
}
