import { AppError } from "../errors.ts";
import {
  decodeEncryptedPrivateKeyInfo,
  type EncryptedPrivateKeyInfo,
} from "./encrypted_private_key_info.ts";
import { OID } from "./oid.ts";
import type { SafeBag } from "./safe_bag.ts";
import { decodeSecretBag, encodeSecretBag } from "./secret_bag.ts";

/**
 * What a bag keeps under a password of its own: a private key (pkcs8ShroudedKeyBag, RFC 7292 section
 * 4.2.2) or a secret.
 *
 * @returns undefined for other bags, and for encryption that is not done here
 */
export function protectedContent(bag: SafeBag): EncryptedPrivateKeyInfo | undefined {
  try {
    if (bag.bagId === OID.SECRET_BAG) return decodeSecretBag(bag.bagValue);
    if (bag.bagId !== OID.PKCS8_SHROUDED_KEY_BAG) return undefined;
    return decodeEncryptedPrivateKeyInfo(bag.bagValue);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** Whether a bag keeps its content under a password, be it in a way that is done here or not. */
export function isProtected({ bagId }: SafeBag): boolean {
  return bagId === OID.SECRET_BAG || bagId === OID.PKCS8_SHROUDED_KEY_BAG;
}

/** The same bag around the encoding of another EncryptedPrivateKeyInfo. */
export function withProtectedContent(bag: SafeBag, encoding: Uint8Array): SafeBag {
  return bag.withBagValue(bag.bagId === OID.SECRET_BAG ? encodeSecretBag(encoding) : encoding);
}
