import { DerReader } from "./der_reader.ts";
import {
  encodeDer,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
} from "./der_writer.ts";
import {
  decodeEncryptedPrivateKeyInfo,
  type EncryptedPrivateKeyInfo,
} from "./encrypted_private_key_info.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";
import { unsupported } from "./unreadable.ts";

/*
 * RFC 7292 section 4.2.5 as Java's SunJSSE provider fills it: `secretTypeId` names a shrouded key
 * bag, `secretValue` is an OCTET STRING that holds an EncryptedPrivateKeyInfo, and the private key
 * in that is the secret's octets under the algorithm AES.
 */

/** @returns what the bag holds */
export function decodeSecretBag(bagValue: Uint8Array): EncryptedPrivateKeyInfo {
  const outer = new DerReader(bagValue);
  const secretBag = outer.enter(TAG.SEQUENCE);
  outer.finish();
  const secretTypeId = secretBag.objectIdentifier();
  if (secretTypeId !== OID.PKCS8_SHROUDED_KEY_BAG) {
    throw unsupported(`unsupported secret type ${secretTypeId}`);
  }
  const secretValue = secretBag.enter(TAG.CONTEXT_0);
  secretBag.finish();
  const encoding = secretValue.content(TAG.OCTET_STRING);
  secretValue.finish();
  return decodeEncryptedPrivateKeyInfo(encoding);
}

/** @returns the `bagValue` of a SecretBag that holds this encoding */
export function encodeSecretBag(encryptedPrivateKeyInfo: Uint8Array): Uint8Array {
  return encodeSequence(
    encodeObjectIdentifier(OID.PKCS8_SHROUDED_KEY_BAG),
    encodeDer(TAG.CONTEXT_0, encodeOctetString(encryptedPrivateKeyInfo)),
  );
}
