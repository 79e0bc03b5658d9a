import type { Alias } from "../model/alias.ts";
import type { Instant } from "../model/instant.ts";
import { openPrivateKeyInfo, sealPrivateKeyInfo } from "../pkcs12/encrypted_private_key_info.ts";
import {
  derivationName,
  deriveKeyMaterial,
  newEncryptionScheme,
} from "../pkcs12/encryption_scheme.ts";
import { OID } from "../pkcs12/oid.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import { newSafeBag } from "../pkcs12/safe_bag.ts";
import { encodeSecretBag } from "../pkcs12/secret_bag.ts";
import { ApiKeyEntry, creationDate, entryName } from "./api_key_entry.ts";

export interface Adoption {
  readonly alias: Alias;
  /** For an entry that does not say when it was made. */
  readonly createdAt: Instant;
}

/**
 * An opened entry of another keystore, as one of ours: the same key until the same expiry, made at the
 * same time, disabled or not, and with what we have said of it. The bag is a new one: whatever else
 * is in that of a foreign file, and how it is put together, might keep a Java program from reading ours.
 */
export async function adoptEntry(
  foreign: ApiKeyEntry,
  { alias, createdAt }: Adoption,
  keys: PasswordKeys,
  salt: Uint8Array,
): Promise<ApiKeyEntry> {
  const sealed = foreign.sealed();
  if (sealed === undefined || foreign.derivation === undefined) {
    throw new TypeError("an entry that has not been opened");
  }
  const scheme = newEncryptionScheme(salt);
  const material = await deriveKeyMaterial(scheme, keys);
  const { privateKey } = openPrivateKeyInfo(sealed, foreign.derivation.material);
  const content = sealPrivateKeyInfo({ algorithm: OID.AES, privateKey }, scheme, material);
  privateKey.fill(0);
  const madeAt = creationDate(foreign.bag) ?? createdAt;
  const bare = newSafeBag(
    OID.SECRET_BAG,
    encodeSecretBag(content),
    entryName(alias, foreign.isDisabled),
    Buffer.from(`Time ${madeAt}`, "latin1"),
  );
  const metadata = foreign.bag.utf8Attribute(OID.API_KEY_METADATA);
  const bag = metadata === undefined
    ? bare
    : bare.withUtf8Attribute(OID.API_KEY_METADATA, metadata);
  const entry = new ApiKeyEntry(alias, bag);
  entry.open(entry.sealed(), { name: derivationName(scheme), material });
  return entry;
}

/** Whether all of an opened entry can be had: what is said of it may be in a form that is not ours. */
export function isAdoptable({ bag, digest, key }: ApiKeyEntry): boolean {
  // An empty key would be whoever's presents none.
  if (digest === undefined || !key?.lastCharacters) return false;
  const hasMetadata = bag.hasAttribute(OID.API_KEY_METADATA);
  return !hasMetadata || bag.utf8Attribute(OID.API_KEY_METADATA) !== undefined;
}
