import { DerReader } from "./der_reader.ts";
import {
  encodeDer,
  encodeNull,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
  encodeUnsignedInteger,
} from "./der_writer.ts";
import {
  decodeEncryptionScheme,
  decryptWith,
  deriveKeyMaterial,
  encodePbes2,
  type EncryptionScheme,
  encryptWith,
  type KeyMaterial,
  newEncryptionScheme,
  type Pbes2,
} from "./encryption_scheme.ts";
import { OID } from "./oid.ts";
import type { PasswordKeys } from "./password_keys.ts";
import { TAG } from "./tag.ts";
import { unreadable, unsupported } from "./unreadable.ts";

/**
 * RFC 7292 section 4.2.5 as Java's SunJSSE provider fills it: `secretTypeId` names a shrouded key
 * bag, `secretValue` is an OCTET STRING that holds an EncryptedPrivateKeyInfo, and the private key
 * in that is the secret's octets under the algorithm AES.
 */
export interface SecretBag {
  readonly scheme: EncryptionScheme;
  readonly encryptedData: Uint8Array;
}

export function decodeSecretBag(bagValue: Uint8Array): SecretBag {
  const outer = new DerReader(bagValue);
  const secretBag = outer.enter(TAG.SEQUENCE);
  outer.finish();
  const secretTypeId = secretBag.objectIdentifier();
  if (secretTypeId !== OID.PKCS8_SHROUDED_KEY_BAG) {
    throw unsupported(`unsupported secret type ${secretTypeId}`);
  }
  const secretValue = secretBag.enter(TAG.CONTEXT_0);
  secretBag.finish();
  const container = new DerReader(secretValue.content(TAG.OCTET_STRING));
  secretValue.finish();
  const encryptedPrivateKeyInfo = container.enter(TAG.SEQUENCE);
  container.finish();
  const scheme = decodeEncryptionScheme(encryptedPrivateKeyInfo.enter(TAG.SEQUENCE));
  const encryptedData = encryptedPrivateKeyInfo.content(TAG.OCTET_STRING);
  encryptedPrivateKeyInfo.finish();
  return { scheme, encryptedData };
}

/** The secret's octets, in a buffer that the caller may wipe. */
export function openSecretBag(bag: SecretBag, material: KeyMaterial): Uint8Array {
  const outer = new DerReader(decryptWith(material, bag.scheme, bag.encryptedData));
  const info = outer.enter(TAG.SEQUENCE);
  outer.finish();
  if (info.unsignedInteger() > 1) throw unreadable("PrivateKeyInfo of an unknown version");
  info.encoding(TAG.SEQUENCE);
  return info.content(TAG.OCTET_STRING);
}

/** @returns the `bagValue` of a SecretBag that Java opens with the same password */
export async function sealSecretBag(
  secret: Uint8Array,
  keys: PasswordKeys,
  salt?: Uint8Array,
): Promise<Uint8Array> {
  const scheme = newEncryptionScheme(salt);
  const material = await deriveKeyMaterial(scheme, keys);
  const privateKeyInfo = encodeSequence(
    encodeUnsignedInteger(0),
    encodeSequence(encodeObjectIdentifier(OID.AES), encodeNull()),
    encodeOctetString(secret),
  );
  return seal(privateKeyInfo, scheme, material);
}

/**
 * The `bagValue` of a SecretBag with the same content, encrypted as {@link sealSecretBag} does.
 *
 * @param material what opens `bag`
 * @param newMaterial what follows from the same password and `salt`
 */
export function resealSecretBag(
  bag: SecretBag,
  material: KeyMaterial,
  newMaterial: KeyMaterial,
  salt: Uint8Array,
): Uint8Array {
  const privateKeyInfo = decryptWith(material, bag.scheme, bag.encryptedData);
  return seal(privateKeyInfo, newEncryptionScheme(salt), newMaterial);
}

/** Wipes `privateKeyInfo`. */
function seal(privateKeyInfo: Uint8Array, scheme: Pbes2, material: KeyMaterial): Uint8Array {
  const encryptedData = encryptWith(material, scheme, privateKeyInfo);
  privateKeyInfo.fill(0);
  return encodeSequence(
    encodeObjectIdentifier(OID.PKCS8_SHROUDED_KEY_BAG),
    encodeDer(
      TAG.CONTEXT_0,
      encodeOctetString(
        encodeSequence(encodePbes2(scheme), encodeOctetString(encryptedData)),
      ),
    ),
  );
}
