import {
  openPrivateKeyInfo,
  sealPrivateKeyInfo,
} from "../../src/pkcs12/encrypted_private_key_info.ts";
import { deriveKeyMaterial, newEncryptionScheme } from "../../src/pkcs12/encryption_scheme.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import type { PasswordKeys } from "../../src/pkcs12/password_keys.ts";
import { decodeSecretBag, encodeSecretBag } from "../../src/pkcs12/secret_bag.ts";

/** @returns the `bagValue` of a SecretBag */
export async function sealSecretBag(secret: Uint8Array, keys: PasswordKeys): Promise<Uint8Array> {
  const scheme = newEncryptionScheme();
  const info = { algorithm: OID.AES, privateKey: secret };
  return encodeSecretBag(sealPrivateKeyInfo(info, scheme, await deriveKeyMaterial(scheme, keys)));
}

/** The secret in a SecretBag of this `bagValue`. */
export async function openSecretBag(bagValue: Uint8Array, keys: PasswordKeys): Promise<Uint8Array> {
  const sealed = decodeSecretBag(bagValue);
  return openPrivateKeyInfo(sealed, await deriveKeyMaterial(sealed.scheme, keys)).privateKey;
}
