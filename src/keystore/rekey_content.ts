import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import type { ContentInfo } from "../pkcs12/content_info.ts";
import { resealPrivateKeyInfo } from "../pkcs12/encrypted_private_key_info.ts";
import { deriveKeyMaterial, newEncryptionScheme } from "../pkcs12/encryption_scheme.ts";
import { newMacParameters } from "../pkcs12/mac_data.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import type { Pfx } from "../pkcs12/pfx.ts";
import { isProtected, protectedContent, withProtectedContent } from "../pkcs12/protected_bag.ts";
import type { SafeBag } from "../pkcs12/safe_bag.ts";
import { type KeystoreContent, openKeys } from "./keystore_content.ts";

/**
 * The same keystore under another store password: the MAC, the encrypted parts, and each entry that
 * the old password opens. Entries under a password of their own, as API keys are, stay as they are.
 *
 * @throws AppError ERR_KEYSTORE_UNSUPPORTED where part of it cannot be encrypted anew, as it cannot
 *   be opened
 */
export async function rekeyContent(
  content: KeystoreContent,
  oldKeys: PasswordKeys,
  newKeys: PasswordKeys,
): Promise<Pfx> {
  await openKeys(content);
  const opened = Array.from(content.entries.values()).filter((entry) => entry.derivation);
  const rekeying: Rekeying = {
    // To try the store password on each of them would cost a derivation for each of their salts.
    keep: new Set(opened.map(({ bag }) => bag)),
    oldKeys,
    newKeys,
    salt: newEncryptionScheme().salt,
  };
  const contents: ContentInfo[] = [];
  for (const part of content.pfx.contents) contents.push(await rekeyPart(part, rekeying));
  return { contents, mac: newMacParameters() };
}

interface Rekeying {
  readonly keep: ReadonlySet<SafeBag>;
  readonly oldKeys: PasswordKeys;
  readonly newKeys: PasswordKeys;
  readonly salt: Uint8Array;
}

async function rekeyPart(part: ContentInfo, rekeying: Rekeying): Promise<ContentInfo> {
  if (part.bags === undefined) throw wouldBeLost("part of the keystore");
  const bags: SafeBag[] = [];
  for (const bag of part.bags) bags.push(await rekeyBag(bag, rekeying));
  return { ...part, encoding: undefined, bags };
}

async function rekeyBag(bag: SafeBag, rekeying: Rekeying): Promise<SafeBag> {
  if (rekeying.keep.has(bag) || !isProtected(bag)) return bag;
  const sealed = protectedContent(bag);
  if (sealed === undefined) throw wouldBeLost(`the entry '${printable(bag.friendlyName ?? "")}'`);
  const scheme = newEncryptionScheme(rekeying.salt);
  const material = await deriveKeyMaterial(sealed.scheme, rekeying.oldKeys);
  const newMaterial = await deriveKeyMaterial(scheme, rekeying.newKeys);
  try {
    return withProtectedContent(bag, resealPrivateKeyInfo(sealed, material, scheme, newMaterial));
  } catch (error) {
    // It is under another password, which does not change.
    if (error instanceof AppError && error.code === "ERR_KEYSTORE_UNREADABLE") return bag;
    throw error;
  }
}

function wouldBeLost(what: string): AppError {
  const text = `${what} is encrypted in a way that is not supported, and would be lost`;
  return new AppError("ERR_KEYSTORE_UNSUPPORTED", text);
}
