import { DerReader } from "./der_reader.ts";
import {
  encodeDer,
  encodeObjectIdentifier,
  encodeSequence,
  encodeUnsignedInteger,
  wrapDer,
} from "./der_writer.ts";
import {
  decodeEncryptionScheme,
  decrypt,
  encodePbes2,
  encrypt,
  type EncryptionScheme,
  newEncryptionScheme,
} from "./encryption_scheme.ts";
import { normalizeToDer } from "./normalize_to_der.ts";
import { OID } from "./oid.ts";
import type { PasswordKeys } from "./password_keys.ts";
import { elements, gather, SafeBag } from "./safe_bag.ts";
import { TAG } from "./tag.ts";
import { AppError } from "../errors.ts";

/**
 * One part of the AuthenticatedSafe (RFC 7292 section 4.1).
 *
 * `encoding` is what to write while the bags stay as they were read; it is undefined for a part
 * that is new. `bags` is undefined for a part whose inside cannot be seen (RC2, public-key
 * encryption): it is carried over as a whole.
 */
export interface ContentInfo {
  readonly kind: "data" | "encryptedData" | "opaque";
  readonly encoding: Uint8Array | undefined;
  readonly bags: readonly SafeBag[] | undefined;
}

export async function decodeContentInfo(
  encoding: Uint8Array,
  keys: PasswordKeys,
): Promise<ContentInfo> {
  const contentInfo = new DerReader(encoding).enter(TAG.SEQUENCE);
  const contentType = contentInfo.objectIdentifier();
  if (contentType === OID.DATA) {
    const explicit = contentInfo.enter(TAG.CONTEXT_0);
    contentInfo.finish();
    const safeContents = explicit.content(TAG.OCTET_STRING);
    explicit.finish();
    return { kind: "data", encoding, bags: await decodeSafeContents(safeContents) };
  }
  if (contentType !== OID.ENCRYPTED_DATA) return { kind: "opaque", encoding, bags: undefined };
  const explicit = contentInfo.enter(TAG.CONTEXT_0);
  contentInfo.finish();
  const safeContents = await decryptContent(explicit.enter(TAG.SEQUENCE), keys);
  explicit.finish();
  if (safeContents === undefined) return { kind: "opaque", encoding, bags: undefined };
  return { kind: "encryptedData", encoding, bags: await decodeSafeContents(safeContents) };
}

/** The encoding in pieces. */
export async function encodeContentInfo(
  { kind, encoding, bags }: ContentInfo,
  keys: PasswordKeys,
): Promise<Uint8Array[]> {
  if (encoding !== undefined) return [encoding];
  const safeContents = wrapDer(TAG.SEQUENCE, encodeBags(bags ?? []));
  if (kind === "data") return encodeData(safeContents);
  return [await encodeEncryptedData(Buffer.concat(safeContents), keys)];
}

/** More pieces than these cost more to handle one by one than to put together once. */
const MAX_RUNS = 64;

/** In few pieces: bags from one file lie one behind the other, new ones each by itself. */
function encodeBags(bags: readonly SafeBag[]): Uint8Array[] {
  const runs = adjacent(bags);
  return runs.length <= MAX_RUNS ? runs : [gather(bags)];
}

/** Bags that lie one behind the other in the same memory as one view each. */
function adjacent(bags: readonly SafeBag[]): Uint8Array[] {
  const runs: Uint8Array[] = [];
  let first: Uint8Array | undefined;
  let length = 0;
  const close = () => {
    if (first !== undefined) runs.push(new Uint8Array(first.buffer, first.byteOffset, length));
  };
  for (const { encoding } of bags) {
    if (first?.buffer === encoding.buffer && first.byteOffset + length === encoding.byteOffset) {
      length += encoding.length;
      continue;
    }
    close();
    first = encoding;
    length = encoding.length;
  }
  close();
  return runs;
}

/** A ContentInfo of type `data` (RFC 5652 section 4), in pieces. */
export function encodeData(content: readonly Uint8Array[]): Uint8Array[] {
  return wrapDer(TAG.SEQUENCE, [
    encodeObjectIdentifier(OID.DATA),
    ...wrapDer(TAG.CONTEXT_0, wrapDer(TAG.OCTET_STRING, content)),
  ]);
}

/** EncryptedData (RFC 5652 section 8); undefined where its algorithm is not one of ours. */
async function decryptContent(
  encryptedData: DerReader,
  keys: PasswordKeys,
): Promise<Uint8Array | undefined> {
  encryptedData.unsignedInteger();
  const encryptedContentInfo = encryptedData.enter(TAG.SEQUENCE);
  encryptedContentInfo.objectIdentifier();
  const algorithmIdentifier = encryptedContentInfo.enter(TAG.SEQUENCE);
  const ciphertext = encryptedContentInfo.content(TAG.CONTEXT_0_PRIMITIVE);
  encryptedContentInfo.finish();
  const scheme = supportedScheme(algorithmIdentifier);
  return scheme && await decrypt(scheme, keys, ciphertext);
}

function supportedScheme(algorithmIdentifier: DerReader): EncryptionScheme | undefined {
  try {
    return decodeEncryptionScheme(algorithmIdentifier);
  } catch (error) {
    if (error instanceof AppError && error.code === "ERR_KEYSTORE_UNSUPPORTED") return undefined;
    throw error;
  }
}

async function encodeEncryptedData(
  safeContents: Uint8Array,
  keys: PasswordKeys,
): Promise<Uint8Array> {
  const scheme = newEncryptionScheme();
  const ciphertext = await encrypt(scheme, keys, safeContents);
  return encodeSequence(
    encodeObjectIdentifier(OID.ENCRYPTED_DATA),
    encodeDer(
      TAG.CONTEXT_0,
      encodeSequence(
        encodeUnsignedInteger(0),
        encodeSequence(
          encodeObjectIdentifier(OID.DATA),
          encodePbes2(scheme),
          encodeDer(TAG.CONTEXT_0_PRIMITIVE, ciphertext),
        ),
      ),
    ),
  );
}

async function decodeSafeContents(bytes: Uint8Array): Promise<SafeBag[]> {
  return await normalizeToDer(bytes, (der) => {
    const outer = new DerReader(der);
    const bags = elements(outer.enter(TAG.SEQUENCE)).map((encoding) => new SafeBag(encoding));
    outer.finish();
    return bags;
  });
}
