import { DerReader } from "./der_reader.ts";
import {
  encodeNull,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
  encodeUnsignedInteger,
} from "./der_writer.ts";
import {
  decodeEncryptionScheme,
  decryptWith,
  encodePbes2,
  type EncryptionScheme,
  encryptWith,
  type KeyMaterial,
  type Pbes2,
} from "./encryption_scheme.ts";
import { TAG } from "./tag.ts";
import { unreadable } from "./unreadable.ts";

/** RFC 5958 section 3: a private key, or what Java keeps as one, under a password. */
export interface EncryptedPrivateKeyInfo {
  readonly scheme: EncryptionScheme;
  readonly encryptedData: Uint8Array;
}

/** RFC 5208 section 5, as far as anybody needs it here. */
export interface PrivateKeyInfo {
  /** The object identifier of its algorithm. */
  readonly algorithm: string;
  readonly privateKey: Uint8Array;
}

/** @param encoding that and nothing behind it */
export function decodeEncryptedPrivateKeyInfo(encoding: Uint8Array): EncryptedPrivateKeyInfo {
  const outer = new DerReader(encoding);
  const info = outer.enter(TAG.SEQUENCE);
  outer.finish();
  const scheme = decodeEncryptionScheme(info.enter(TAG.SEQUENCE));
  const encryptedData = info.content(TAG.OCTET_STRING);
  info.finish();
  return { scheme, encryptedData };
}

/**
 * Opens it, in a buffer that the caller may wipe.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE for another password's key material
 */
export function openPrivateKeyInfo(
  { scheme, encryptedData }: EncryptedPrivateKeyInfo,
  material: KeyMaterial,
): PrivateKeyInfo {
  return decodePrivateKeyInfo(decryptWith(material, scheme, encryptedData));
}

function decodePrivateKeyInfo(encoding: Uint8Array): PrivateKeyInfo {
  const outer = new DerReader(encoding);
  const info = outer.enter(TAG.SEQUENCE);
  outer.finish();
  if (info.unsignedInteger() > 1) throw unreadable("PrivateKeyInfo of an unknown version");
  const algorithm = info.enter(TAG.SEQUENCE).objectIdentifier();
  return { algorithm, privateKey: info.content(TAG.OCTET_STRING) };
}

/** @returns the encoding of an EncryptedPrivateKeyInfo; `privateKey` is the caller's to wipe */
export function sealPrivateKeyInfo(
  { algorithm, privateKey }: PrivateKeyInfo,
  scheme: Pbes2,
  material: KeyMaterial,
): Uint8Array {
  const info = encodeSequence(
    encodeUnsignedInteger(0),
    encodeSequence(encodeObjectIdentifier(algorithm), encodeNull()),
    encodeOctetString(privateKey),
  );
  return seal(info, scheme, material);
}

/**
 * The same content octet for octet under another scheme.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE unless `material` opens it
 */
export function resealPrivateKeyInfo(
  { scheme, encryptedData }: EncryptedPrivateKeyInfo,
  material: KeyMaterial,
  newScheme: Pbes2,
  newMaterial: KeyMaterial,
): Uint8Array {
  // Decoded, or it would seal what a wrong key happens to unpad.
  const info = openEncodedPrivateKeyInfo({ scheme, encryptedData }, material);
  return seal(info, newScheme, newMaterial);
}

/**
 * The encoding of the PrivateKeyInfo itself, for a key that has parameters, in a buffer that the caller
 * may wipe.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE for another password's key material
 */
export function openEncodedPrivateKeyInfo(
  { scheme, encryptedData }: EncryptedPrivateKeyInfo,
  material: KeyMaterial,
): Uint8Array {
  const info = decryptWith(material, scheme, encryptedData);
  decodePrivateKeyInfo(info);
  return info;
}

/**
 * The other way round.
 *
 * @param info is wiped
 * @returns the encoding of an EncryptedPrivateKeyInfo
 */
export function sealEncodedPrivateKeyInfo(
  info: Uint8Array,
  scheme: Pbes2,
  material: KeyMaterial,
): Uint8Array {
  decodePrivateKeyInfo(info);
  return seal(info, scheme, material);
}

/** Wipes `info`. */
function seal(info: Uint8Array, scheme: Pbes2, material: KeyMaterial): Uint8Array {
  const encryptedData = encryptWith(material, scheme, info);
  info.fill(0);
  return encodeSequence(encodePbes2(scheme), encodeOctetString(encryptedData));
}
