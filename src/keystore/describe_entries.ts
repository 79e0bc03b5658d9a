import { AppError } from "../errors.ts";
import type { Instant } from "../model/instant.ts";
import { decodeCertBag } from "../pkcs12/cert_bag.ts";
import {
  type EncryptedPrivateKeyInfo,
  openPrivateKeyInfo,
} from "../pkcs12/encrypted_private_key_info.ts";
import { deriveKeyMaterial, describeScheme } from "../pkcs12/encryption_scheme.ts";
import { OID } from "../pkcs12/oid.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import { isProtected, protectedContent } from "../pkcs12/protected_bag.ts";
import type { SafeBag } from "../pkcs12/safe_bag.ts";
import type { CertificateDescription } from "../x509/certificate.ts";
import { apiKeyAlias, creationDate } from "./api_key_entry.ts";
import { openKeys } from "./keystore_content.ts";
import type { OpenKeystore } from "./keystore_state.ts";

export const ENTRY_KINDS = ["api-key", "secret", "private-key", "certificate", "other"] as const;

export type EntryKind = typeof ENTRY_KINDS[number];

/** Which password opens an entry: that of entries, that of the store, or none that is known. */
export type EntryPassword = "entry" | "store" | "unknown";

/** What can be told of an entry by opening it, without anything secret. */
export interface ExaminedEntry {
  readonly kind: EntryKind;
  /** Its friendlyName, `api_key:` included; undefined where it has none. */
  readonly name: string | undefined;
  readonly createdAt: Instant | undefined;
  /** What it is encrypted with by itself; undefined where it is not. */
  readonly encryption: string | undefined;
  /** undefined where nothing is encrypted */
  readonly password: EntryPassword | undefined;
  /** What the key inside is for, by name or as an object identifier. */
  readonly algorithm: string | undefined;
}

export interface EntryDescription extends ExaminedEntry {
  /** undefined for what is no certificate, or none that can be read */
  readonly certificate: CertificateDescription | undefined;
}

/** Every entry of a keystore, in file order, each opened to see whether it can be. */
export async function examineEntries(open: OpenKeystore): Promise<ExaminedEntry[]> {
  const entries: ExaminedEntry[] = [];
  for (const bag of await openedBags(open)) entries.push(await examineEntry(bag, open));
  return entries;
}

/** The same with what is in certificates, for which a package has to be loaded. */
export async function describeEntries(open: OpenKeystore): Promise<EntryDescription[]> {
  const descriptions: EntryDescription[] = [];
  for (const bag of await openedBags(open)) {
    const entry = await examineEntry(bag, open);
    const isCertificate = entry.kind === "certificate";
    const certificate = isCertificate ? await describeCertificateOf(bag) : undefined;
    const algorithm = entry.algorithm ?? certificate?.publicKey;
    descriptions.push({ ...entry, algorithm, certificate });
  }
  return descriptions;
}

async function openedBags({ content }: OpenKeystore): Promise<SafeBag[]> {
  await openKeys(content);
  return content.pfx.contents.flatMap(({ bags }) => bags ?? []);
}

async function examineEntry(bag: SafeBag, open: OpenKeystore): Promise<ExaminedEntry> {
  const sealed = protectedContent(bag);
  const opened = sealed && await openProtected(bag, sealed, open);
  return {
    kind: apiKeyAlias(bag) === undefined ? KINDS[bag.bagId] ?? "other" : "api-key",
    name: bag.friendlyName,
    createdAt: creationDate(bag),
    encryption: sealed && describeScheme(sealed.scheme),
    password: opened?.password ?? (isProtected(bag) ? "unknown" : undefined),
    algorithm: opened?.algorithm,
  };
}

const KINDS: Readonly<Record<string, EntryKind>> = {
  [OID.SECRET_BAG]: "secret",
  [OID.PKCS8_SHROUDED_KEY_BAG]: "private-key",
  [OID.KEY_BAG]: "private-key",
  [OID.CERT_BAG]: "certificate",
};

interface Opened {
  readonly password: EntryPassword;
  readonly algorithm: string;
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  [OID.AES]: "AES",
  [OID.RSA]: "RSA",
  [OID.EC]: "EC",
  [OID.ED25519]: "Ed25519",
};

async function openProtected(
  bag: SafeBag,
  sealed: EncryptedPrivateKeyInfo,
  { content, stored }: OpenKeystore,
): Promise<Opened | undefined> {
  const passwords: readonly (readonly [EntryPassword, PasswordKeys | undefined])[] = [
    ["entry", content.entryKeys],
    ["store", stored?.storeKeys],
  ];
  const alias = apiKeyAlias(bag);
  const entry = alias === undefined ? undefined : content.entries.get(alias);
  // All of them have been opened already.
  if (entry?.bag === bag && entry.derivation !== undefined) {
    return { password: "entry", algorithm: "AES" };
  }
  for (const [password, keys] of passwords) {
    const algorithm = keys && await algorithmOf(sealed, keys);
    if (algorithm !== undefined) {
      return { password, algorithm: ALGORITHMS[algorithm] ?? algorithm };
    }
  }
  return undefined;
}

/** @returns undefined under another password */
async function algorithmOf(
  sealed: EncryptedPrivateKeyInfo,
  keys: PasswordKeys,
): Promise<string | undefined> {
  try {
    const material = await deriveKeyMaterial(sealed.scheme, keys);
    const { algorithm, privateKey } = openPrivateKeyInfo(sealed, material);
    privateKey.fill(0);
    return algorithm;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

async function describeCertificateOf(bag: SafeBag): Promise<CertificateDescription | undefined> {
  // It takes longer to load than most commands to run.
  const { describeCertificate } = await import("../x509/certificate.ts");
  try {
    return describeCertificate(decodeCertBag(bag.bagValue));
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
