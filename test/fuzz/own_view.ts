import { DerReader } from "../../src/pkcs12/der_reader.ts";
import { wrapDer } from "../../src/pkcs12/der_writer.ts";
import { decrypt, type EncryptionScheme } from "../../src/pkcs12/encryption_scheme.ts";
import type { ContentInfo } from "../../src/pkcs12/content_info.ts";
import type { PasswordKeys } from "../../src/pkcs12/password_keys.ts";
import type { SafeBag } from "../../src/pkcs12/safe_bag.ts";
import { decodeSecretBag } from "../../src/pkcs12/secret_bag.ts";
import { TAG } from "../../src/pkcs12/tag.ts";
import { openSecretBag } from "../support/secret_bag.ts";
import { BAG } from "./bags.ts";
import { type Accepted, reasonOf } from "./reader.ts";
import { hex, type OwnBagView, type OwnPartView, type OwnView } from "./view.ts";

/** What the program sees in a file, to be compared with what others see. */
export async function viewOf({ content }: Accepted): Promise<OwnView> {
  const { pfx, entryKeys } = content;
  const encodings = pfx.contents.map(({ encoding }) => encoding ?? new Uint8Array());
  return {
    authenticatedSafe: Buffer.concat(wrapDer(TAG.SEQUENCE, encodings)),
    parts: await Promise.all(pfx.contents.map((part) => viewOfPart(part, entryKeys))),
  };
}

async function viewOfPart(part: ContentInfo, entryKeys: PasswordKeys): Promise<OwnPartView> {
  const contentType = new DerReader(part.encoding ?? new Uint8Array()).enter(TAG.SEQUENCE)
    .objectIdentifier();
  const { bags } = part;
  if (bags === undefined) return { contentType, safeContents: undefined, bags };
  const safeContents = Buffer.concat(wrapDer(TAG.SEQUENCE, bags.map(({ encoding }) => encoding)));
  const views = bags.map((bag) => viewOfBag(bag, entryKeys));
  return { contentType, safeContents, bags: await Promise.all(views) };
}

async function viewOfBag(bag: SafeBag, entryKeys: PasswordKeys): Promise<OwnBagView> {
  const { bagId, friendlyName, localKeyId } = bag;
  const seen = { bagId, friendlyName, localKeyId: localKeyId && hex(localKeyId) };
  const closed = { secret: undefined, scheme: undefined, privateKeyInfo: undefined };
  if (bagId !== BAG.SECRET) return { ...seen, ...closed, problem: undefined };
  try {
    const secret = hex(await openSecretBag(bag.bagValue, entryKeys));
    const { scheme, encryptedData } = decodeSecretBag(bag.bagValue);
    const privateKeyInfo = await decrypt(scheme, entryKeys, encryptedData);
    return { ...seen, secret, scheme: nameOf(scheme), privateKeyInfo, problem: undefined };
  } catch (error) {
    return { ...seen, ...closed, problem: reasonOf(error) };
  }
}

function nameOf(scheme: EncryptionScheme): string {
  return scheme.kind === "PBES2" ? `PBES2 ${scheme.prf} ${scheme.cipher}` : scheme.kind;
}
