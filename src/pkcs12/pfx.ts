import {
  type ContentInfo,
  decodeContentInfo,
  encodeContentInfo,
  encodeData,
} from "./content_info.ts";
import { DerReader } from "./der_reader.ts";
import { encodeUnsignedInteger, wrapDer } from "./der_writer.ts";
import { checkCount, MAX_FILE_BYTES, MAX_ITERATIONS } from "./limits.ts";
import {
  decodeMacData,
  encodeMacData,
  isCurrentMac,
  type MacData,
  type MacParameters,
  newMacParameters,
  verifyMac,
} from "./mac_data.ts";
import { normalizeToDer } from "./normalize_to_der.ts";
import { OID } from "./oid.ts";
import type { PasswordKeys } from "./password_keys.ts";
import { elements } from "./safe_bag.ts";
import { TAG } from "./tag.ts";
import { unreadable, unsupported } from "./unreadable.ts";

/** RFC 7292 section 4: a keystore in password integrity mode. */
export interface Pfx {
  readonly contents: readonly ContentInfo[];
  /** How the file's MAC was made; what to write is {@link encodePfx}'s choice. */
  readonly mac: MacParameters;
}

export function emptyPfx(): Pfx {
  return { contents: [], mac: newMacParameters() };
}

/**
 * Opens a PFX: nothing in it is looked at before its MAC is verified.
 *
 * @param keys of the store password
 * @throws AppError ERR_KEYSTORE_UNREADABLE for a wrong password and for a damaged file alike,
 *   ERR_KEYSTORE_UNSUPPORTED for sizes, counts and algorithms out of reason
 */
export async function decodePfx(bytes: Uint8Array, keys: PasswordKeys): Promise<Pfx> {
  if (bytes.length > MAX_FILE_BYTES) {
    throw unsupported(`it is larger than ${MAX_FILE_BYTES} bytes`);
  }
  const { authenticatedSafe, macData } = await normalizeToDer(bytes, decodeEnvelope);
  const boundedKeys = keys.within(MAX_ITERATIONS);
  await verifyMac(macData, boundedKeys, [authenticatedSafe]);
  const contents = await normalizeToDer(authenticatedSafe, (der) => {
    const outer = new DerReader(der);
    const encodings = elements(outer.enter(TAG.SEQUENCE));
    outer.finish();
    return decodeContents(encodings, boundedKeys);
  });
  return { contents, mac: macData };
}

async function decodeContents(
  encodings: readonly Uint8Array[],
  keys: PasswordKeys,
): Promise<ContentInfo[]> {
  const contents: ContentInfo[] = [];
  let bags = 0;
  for (const encoding of encodings) {
    const content = await decodeContentInfo(encoding, keys);
    checkCount(bags += content.bags?.length ?? 0);
    contents.push(content);
  }
  return contents;
}

/** The file for a PFX: parts that did not change octet for octet, under a MAC of JDK 17's kind. */
export async function encodePfx(pfx: Pfx, keys: PasswordKeys): Promise<Uint8Array> {
  return Buffer.concat(await encodePfxPieces(pfx, keys));
}

/** The same in pieces, of which most are views: a large keystore need not be copied to be written. */
export async function encodePfxPieces(pfx: Pfx, keys: PasswordKeys): Promise<Uint8Array[]> {
  const contents = await Promise.all(
    pfx.contents.map((content) => encodeContentInfo(content, keys)),
  );
  const authenticatedSafe = wrapDer(TAG.SEQUENCE, contents.flat());
  // Going on with the file's own salt saves a derivation; the MAC key stays as secret as it was.
  const mac = isCurrentMac(pfx.mac) ? pfx.mac : newMacParameters();
  const macData = await encodeMacData(mac, keys, authenticatedSafe);
  const version = encodeUnsignedInteger(3);
  return wrapDer(TAG.SEQUENCE, [version, ...encodeData(authenticatedSafe), macData]);
}

function decodeEnvelope(der: Uint8Array): { authenticatedSafe: Uint8Array; macData: MacData } {
  const outer = new DerReader(der);
  const pfx = outer.enter(TAG.SEQUENCE);
  outer.finish();
  if (pfx.unsignedInteger() !== 3) throw unreadable("not version 3");
  const authSafe = pfx.enter(TAG.SEQUENCE);
  // signedData would be public-key integrity mode, which no Java keystore uses.
  if (authSafe.objectIdentifier() !== OID.DATA) throw unreadable("authSafe is not data");
  const explicit = authSafe.enter(TAG.CONTEXT_0);
  authSafe.finish();
  const authenticatedSafe = explicit.content(TAG.OCTET_STRING);
  explicit.finish();
  if (pfx.nextTag === undefined) throw unsupported("it has no MAC, so it could have been altered");
  const macData = decodeMacData(pfx.enter(TAG.SEQUENCE));
  pfx.finish();
  return { authenticatedSafe, macData };
}
