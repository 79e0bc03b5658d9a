import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { OID } from "../../src/pkcs12/oid.ts";
import { BAG, CMS } from "./bags.ts";
import { ENTRY_PASSWORD, STORE_PASSWORD } from "./passwords.ts";
import { type BagView, hex, type PartView, type View } from "./view.ts";

/** What pkijs makes of a file. */
export interface PkijsReading {
  /** undefined where it does not get as far as the MAC */
  readonly mac: "verified" | "broken" | undefined;
  /** undefined unless the MAC is verified */
  readonly view: View | undefined;
}

export async function readWithPkijs(bytes: Uint8Array): Promise<PkijsReading> {
  try {
    const pfx = pkijs.PFX.fromBER(new Uint8Array(bytes));
    await pfx.parseInternalValues({ password: octets(STORE_PASSWORD), checkIntegrity: true });
    const contents = pfx.parsedValue?.authenticatedSafe?.safeContents ?? [];
    return { mac: "verified", view: { parts: await Promise.all(contents.map(readPart)) } };
  } catch (error) {
    const isBroken = error instanceof Error && error.message.startsWith("Integrity");
    return { mac: isBroken ? "broken" : undefined, view: undefined };
  }
}

function octets(text: string): ArrayBuffer {
  return new Uint8Array(new TextEncoder().encode(text)).buffer;
}

/** Whether pkijs can make anything of a PrivateKeyInfo. */
export function isPrivateKeyInfo(bytes: Uint8Array): boolean {
  try {
    return pkijs.PrivateKeyInfo.fromBER(new Uint8Array(bytes)).version >= 0;
  } catch {
    return false;
  }
}

async function readPart(content: pkijs.ContentInfo): Promise<PartView> {
  const { contentType } = content;
  const safeContents = await decrypted(content);
  const parsed = safeContents && asn1js.fromBER(new Uint8Array(safeContents));
  if (parsed === undefined || parsed.offset < 0 || !(parsed.result instanceof asn1js.Sequence)) {
    return { contentType, safeContents, bags: undefined };
  }
  // It keeps these among the values of an indefinite length.
  const values = parsed.result.valueBlock.value.filter((value) =>
    !(value instanceof asn1js.EndOfContent)
  );
  return { contentType, safeContents, bags: await Promise.all(values.map(readBag)) };
}

async function decrypted(content: pkijs.ContentInfo): Promise<Uint8Array | undefined> {
  try {
    if (content.contentType === CMS.DATA) return joined(content.content as asn1js.OctetString);
    if (content.contentType !== CMS.ENCRYPTED_DATA) return undefined;
    const encryptedData = new pkijs.EncryptedData({ schema: content.content });
    return new Uint8Array(await encryptedData.decrypt({ password: octets(STORE_PASSWORD) }));
  } catch {
    return undefined;
  }
}

async function readBag(schema: asn1js.AsnType): Promise<BagView | undefined> {
  try {
    const bag = new pkijs.SafeBag({ schema });
    const [friendlyName, localKeyId] = [OID.FRIENDLY_NAME, OID.LOCAL_KEY_ID].map((wanted) =>
      bag.bagAttributes?.findLast(({ type }) => type === wanted)?.values[0]
    );
    return {
      bagId: bag.bagId,
      friendlyName: (friendlyName as asn1js.BmpString | undefined)?.getValue(),
      localKeyId: localKeyId &&
        hex(joined(localKeyId as asn1js.OctetString)),
      secret: bag.bagId === BAG.SECRET
        ? await openSecret(bag.bagValue as unknown as pkijs.SecretBag)
        : undefined,
    };
  } catch {
    return undefined;
  }
}

/** asn1js's own `getValue` loses segments of segments. */
function joined(string: asn1js.OctetString): Uint8Array {
  const { value, valueHexView } = string.valueBlock;
  if (!string.idBlock.isConstructed) return valueHexView;
  return Buffer.concat(value.filter((part) => part instanceof asn1js.OctetString).map(joined));
}

/** A SecretBag of Java's holds an EncryptedPrivateKeyInfo in an OCTET STRING. */
async function openSecret(bag: pkijs.SecretBag): Promise<string | undefined> {
  if (bag.secretTypeId !== BAG.SHROUDED_KEY) return undefined;
  try {
    const value = bag.secretValue as unknown as asn1js.OctetString;
    const shrouded = pkijs.PKCS8ShroudedKeyBag.fromBER(new Uint8Array(joined(value)));
    await (shrouded as unknown as {
      parseInternalValues(parameters: { password: ArrayBuffer }): Promise<void>;
    }).parseInternalValues({ password: octets(ENTRY_PASSWORD) });
    const { privateKey } = shrouded.parsedValue ?? {};
    return privateKey && hex(privateKey.valueBlock.valueHexView);
  } catch {
    return undefined;
  }
}
