// The package below needs its metadata in place before it is loaded.
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { randomBytes, webcrypto } from "node:crypto";
import type { Instant } from "../model/instant.ts";

/** A key that signs, and a certificate to check its signatures with. */
export interface SigningCertificate {
  /** RFC 5280. */
  readonly certificate: Uint8Array;
  /** A PrivateKeyInfo (RFC 5208); the caller's to wipe. */
  readonly privateKeyInfo: Uint8Array;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** RFC 5280, section 4.1.2.5: for a certificate that has no date from which on it is no good. */
const NEVER = new Date("9999-12-31T23:59:59Z");

/**
 * Makes a P-256 key and its self-signed certificate, which is good for signatures and nothing else.
 *
 * @param commonName at most 64 characters
 */
export async function createSigningCertificate(
  commonName: string,
  notBefore: Instant,
): Promise<SigningCertificate> {
  const { subtle } = webcrypto;
  const keys = await subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // RFC 5280, section 4.1.2.2: positive, and at most 20 octets.
    serialNumber: `01${randomBytes(15).toString("hex")}`,
    name: [{ CN: [commonName] }],
    notBefore: new Date(Math.floor(notBefore / 1000) * 1000),
    notAfter: NEVER,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: new Uint8Array(certificate.rawData),
    privateKeyInfo: new Uint8Array(await subtle.exportKey("pkcs8", keys.privateKey)),
  };
}
