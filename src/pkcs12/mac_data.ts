import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { DerReader } from "./der_reader.ts";
import {
  encodeNull,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
  encodeUnsignedInteger,
} from "./der_writer.ts";
import type { Digest } from "../platform/pkcs12_kdf.ts";
import { checkIterations, checkSalt } from "./limits.ts";
import { OID } from "./oid.ts";
import type { PasswordKeys } from "./password_keys.ts";
import { TAG } from "./tag.ts";
import { unreadable, unsupported } from "./unreadable.ts";

/** RFC 7292 section 4: what protects the integrity of the AuthenticatedSafe. */
export interface MacParameters {
  readonly digest: Digest;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

export interface MacData extends MacParameters {
  readonly mac: Uint8Array;
}

const DIGESTS: Readonly<Record<string, { digest: Digest; bytes: number }>> = {
  [OID.SHA1]: { digest: "sha1", bytes: 20 },
  [OID.SHA224]: { digest: "sha224", bytes: 28 },
  [OID.SHA256]: { digest: "sha256", bytes: 32 },
  [OID.SHA384]: { digest: "sha384", bytes: 48 },
  [OID.SHA512]: { digest: "sha512", bytes: 64 },
};

const ITERATIONS = 10_000;
const SALT_BYTES = 20;

export function newMacParameters(): MacParameters {
  return { digest: "sha256", salt: randomBytes(SALT_BYTES), iterations: ITERATIONS };
}

/** Whether to go on with these parameters, and their derived key, when writing the file again. */
export function isCurrentMac(parameters: MacParameters): boolean {
  return parameters.digest === "sha256" && parameters.iterations === ITERATIONS &&
    parameters.salt.length >= 16;
}

/** @throws AppError ERR_KEYSTORE_UNSUPPORTED for another algorithm, such as PBMAC1 (RFC 9579) */
export function decodeMacData(macData: DerReader): MacData {
  const digestInfo = macData.enter(TAG.SEQUENCE);
  const identifier = digestInfo.enter(TAG.SEQUENCE);
  const algorithm = identifier.objectIdentifier();
  const known = DIGESTS[algorithm];
  if (known === undefined) throw unsupported(`unsupported MAC algorithm ${algorithm}`);
  identifier.finishWithoutParameters();
  const mac = digestInfo.content(TAG.OCTET_STRING);
  digestInfo.finish();
  if (mac.length !== known.bytes) throw unreadable("MAC of a wrong size");
  const salt = checkSalt(macData.content(TAG.OCTET_STRING));
  const iterations = macData.nextTag === undefined ? 1 : checkIterations(macData.unsignedInteger());
  macData.finish();
  return { digest: known.digest, salt, iterations, mac };
}

/** MacData with HMAC-SHA256, which JDK 17 calls HmacPBESHA256, over what is given in pieces. */
export async function encodeMacData(
  parameters: MacParameters,
  keys: PasswordKeys,
  authenticatedSafe: readonly Uint8Array[],
): Promise<Uint8Array> {
  const mac = await computeMac(parameters, keys, authenticatedSafe);
  return encodeSequence(
    encodeSequence(
      encodeSequence(encodeObjectIdentifier(OID.SHA256), encodeNull()),
      encodeOctetString(mac),
    ),
    encodeOctetString(parameters.salt),
    encodeUnsignedInteger(parameters.iterations),
  );
}

/** @throws AppError ERR_KEYSTORE_UNREADABLE unless the MAC is that of these octets and password */
export async function verifyMac(
  macData: MacData,
  keys: PasswordKeys,
  authenticatedSafe: readonly Uint8Array[],
): Promise<void> {
  const mac = await computeMac(macData, keys, authenticatedSafe);
  if (!timingSafeEqual(mac, macData.mac)) throw unreadable("MAC mismatch");
}

async function computeMac(
  { digest, salt, iterations }: MacParameters,
  keys: PasswordKeys,
  authenticatedSafe: readonly Uint8Array[],
): Promise<Uint8Array> {
  const bytes = Object.values(DIGESTS).find((known) => known.digest === digest)?.bytes ?? 0;
  const key = await keys.pkcs12("MAC", digest, salt, iterations, bytes);
  const hmac = createHmac(digest, key);
  for (const piece of authenticatedSafe) hmac.update(piece);
  return hmac.digest();
}
