import { createPrivateKey, hkdfSync, type KeyObject, X509Certificate } from "node:crypto";
import { AppError } from "../errors.ts";
import type { Instant } from "../model/instant.ts";
import { decodeCertBag, encodeCertBag } from "../pkcs12/cert_bag.ts";
import {
  openEncodedPrivateKeyInfo,
  sealEncodedPrivateKeyInfo,
} from "../pkcs12/encrypted_private_key_info.ts";
import { deriveKeyMaterial, newEncryptionScheme } from "../pkcs12/encryption_scheme.ts";
import { OID } from "../pkcs12/oid.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import type { Pfx } from "../pkcs12/pfx.ts";
import { protectedContent } from "../pkcs12/protected_bag.ts";
import { newSafeBag, type SafeBag } from "../pkcs12/safe_bag.ts";

/** The friendlyName of the private key that signs the audit log, and of its certificate. */
export const AUDIT_ENTRY = "metricshub-apikey-audit";

/** What an audit log is signed with. */
export interface AuditIdentity {
  /** In DER. */
  readonly certificate: Uint8Array;
  readonly signingKey: KeyObject;
  /** Makes of a key what it can be recognised by; see `service/audit.ts`. */
  readonly digestKey: Uint8Array;
}

/** The two bags of a private key entry, as Java writes them too. */
export interface AuditBags {
  readonly key: SafeBag;
  readonly certificate: SafeBag;
}

/** Whether there is something by that name, be it what it should be or not. */
export function hasAuditEntry({ contents }: Pfx): boolean {
  return contents.some(({ bags }) => bags?.some((bag) => isOfKey(bag) && isNamed(bag)));
}

/** @returns undefined where there is no such entry, or half of it */
export function findAuditBags({ contents }: Pfx): AuditBags | undefined {
  const bags = contents.flatMap(({ bags }) => bags?.filter(isOfKey) ?? []);
  const key = bags.find((bag) => bag.bagId === OID.PKCS8_SHROUDED_KEY_BAG && isNamed(bag));
  // RFC 7292, section 4.2: what belongs together has the same localKeyId.
  const id = key?.localKeyId;
  const certificate = id && bags.find(({ bagId, localKeyId }) => {
    return bagId === OID.CERT_BAG && localKeyId && Buffer.compare(localKeyId, id) === 0;
  });
  return key && certificate && { key, certificate };
}

/** Octet for octet; Java keeps both as they are. */
export function isSameEntry(bags: AuditBags, others: AuditBags | undefined): boolean {
  if (others === undefined) return false;
  return Buffer.compare(bags.key.encoding, others.key.encoding) === 0 &&
    Buffer.compare(bags.certificate.encoding, others.certificate.encoding) === 0;
}

function isOfKey({ bagId }: SafeBag): boolean {
  return bagId === OID.PKCS8_SHROUDED_KEY_BAG || bagId === OID.CERT_BAG;
}

function isNamed({ friendlyName }: SafeBag): boolean {
  return friendlyName?.toLowerCase() === AUDIT_ENTRY;
}

/**
 * @param storeKeys of the store password, which keytool gives private keys, too
 * @returns undefined for what does not open, or is no P-256 key
 */
export async function openAuditEntry(
  bags: AuditBags,
  storeKeys: PasswordKeys,
): Promise<AuditIdentity | undefined> {
  const sealed = protectedContent(bags.key);
  if (sealed === undefined) return undefined;
  try {
    const certificate = decodeCertBag(bags.certificate.bagValue);
    const material = await deriveKeyMaterial(sealed.scheme, storeKeys);
    const info = openEncodedPrivateKeyInfo(sealed, material);
    try {
      return identityOf(certificate, info);
    } finally {
      info.fill(0);
    }
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function identityOf(certificate: Uint8Array, info: Uint8Array): AuditIdentity | undefined {
  try {
    const key = Buffer.from(info.buffer, info.byteOffset, info.length);
    const signingKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
    const { crv, d } = signingKey.export({ format: "jwk" });
    if (crv !== "P-256" || d === undefined) return undefined;
    if (!new X509Certificate(certificate).checkPrivateKey(signingKey)) return undefined;
    return { certificate, signingKey, digestKey: digestKeyOf(d) };
  } catch {
    // OpenSSL has errors of many kinds for what is no key or no certificate.
    return undefined;
  }
}

const DIGEST_KEY_OCTETS = 32;

/** RFC 5869. */
function digestKeyOf(privateKey: string): Uint8Array {
  const label = "metricshub-apikey audit key digest 1";
  const secret = Buffer.from(privateKey, "base64url");
  return new Uint8Array(hkdfSync("sha256", secret, "", label, DIGEST_KEY_OCTETS));
}

/**
 * A new key with its certificate.
 *
 * @param host whose log it is going to sign
 */
export async function newAuditBags(
  storeKeys: PasswordKeys,
  host: string,
  now: Instant,
): Promise<readonly SafeBag[]> {
  // It takes longer to load than most commands to run, once in a keystore's life.
  const { createSigningCertificate } = await import("../x509/self_signed.ts");
  const name = `apikey audit log, ${host}`.slice(0, MAX_COMMON_NAME);
  const { certificate, privateKeyInfo } = await createSigningCertificate(name, now);
  const scheme = newEncryptionScheme();
  const material = await deriveKeyMaterial(scheme, storeKeys);
  const sealed = sealEncodedPrivateKeyInfo(privateKeyInfo, scheme, material);
  const localKeyId = Buffer.from(`Time ${now}`, "latin1");
  return [
    newSafeBag(OID.PKCS8_SHROUDED_KEY_BAG, sealed, AUDIT_ENTRY, localKeyId),
    newSafeBag(OID.CERT_BAG, encodeCertBag(certificate), AUDIT_ENTRY, localKeyId),
  ];
}

/** RFC 5280, appendix A.1: ub-common-name. */
const MAX_COMMON_NAME = 64;
