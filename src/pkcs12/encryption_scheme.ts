import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
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

/** PBES2 (RFC 8018 section 6.2) or a PBE of RFC 7292 appendix C, with its parameters. */
export type EncryptionScheme = Pbes2 | Pkcs12Pbe;

export interface Pbes2 {
  readonly kind: "PBES2";
  readonly prf: Digest;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly cipher: string;
  readonly keyBytes: number;
  readonly iv: Uint8Array;
}

interface Pkcs12Pbe {
  readonly kind: "PKCS12-PBE";
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly keyBytes: 16 | 24;
}

const PRFS: Readonly<Record<string, Digest>> = {
  [OID.HMAC_SHA1]: "sha1",
  [OID.HMAC_SHA224]: "sha224",
  [OID.HMAC_SHA256]: "sha256",
  [OID.HMAC_SHA384]: "sha384",
  [OID.HMAC_SHA512]: "sha512",
};

const CIPHERS: Readonly<Record<string, { cipher: string; keyBytes: number; ivBytes: number }>> = {
  [OID.AES_128_CBC]: { cipher: "aes-128-cbc", keyBytes: 16, ivBytes: 16 },
  [OID.AES_192_CBC]: { cipher: "aes-192-cbc", keyBytes: 24, ivBytes: 16 },
  [OID.AES_256_CBC]: { cipher: "aes-256-cbc", keyBytes: 32, ivBytes: 16 },
  [OID.DES_EDE3_CBC]: { cipher: "des-ede3-cbc", keyBytes: 24, ivBytes: 8 },
};

const PKCS12_PBES: Readonly<Record<string, 16 | 24>> = {
  [OID.PBE_SHA1_3KEY_3DES_CBC]: 24,
  [OID.PBE_SHA1_2KEY_3DES_CBC]: 16,
};

const ITERATIONS = 10_000;
const SALT_BYTES = 20;

/** A fresh scheme as JDK 17 chooses it; `salt` is shared where a derivation is to be shared. */
export function newEncryptionScheme(salt: Uint8Array = randomBytes(SALT_BYTES)): Pbes2 {
  return {
    kind: "PBES2",
    prf: "sha256",
    salt,
    iterations: ITERATIONS,
    cipher: "aes-256-cbc",
    keyBytes: 32,
    iv: randomBytes(16),
  };
}

/** Whether the scheme is one that {@link newEncryptionScheme} could have made. */
export function isCurrentScheme(scheme: EncryptionScheme): boolean {
  return scheme.kind === "PBES2" && scheme.prf === "sha256" && scheme.iterations === ITERATIONS &&
    scheme.cipher === "aes-256-cbc" && scheme.salt.length >= 16;
}

/** @throws AppError ERR_KEYSTORE_UNSUPPORTED for an algorithm that is not in the tables above */
export function decodeEncryptionScheme(algorithmIdentifier: DerReader): EncryptionScheme {
  const algorithm = algorithmIdentifier.objectIdentifier();
  const parameters = algorithmIdentifier.enter(TAG.SEQUENCE);
  algorithmIdentifier.finish();
  if (algorithm === OID.PBES2) return decodePbes2(parameters);
  const keyBytes = PKCS12_PBES[algorithm];
  if (keyBytes === undefined) throw unsupported(`unsupported encryption algorithm ${algorithm}`);
  const salt = checkSalt(parameters.content(TAG.OCTET_STRING));
  const iterations = checkIterations(parameters.unsignedInteger());
  parameters.finish();
  return { kind: "PKCS12-PBE", salt, iterations, keyBytes };
}

function decodePbes2(parameters: DerReader): Pbes2 {
  const derivation = parameters.enter(TAG.SEQUENCE);
  const encryption = parameters.enter(TAG.SEQUENCE);
  parameters.finish();
  const cipherAlgorithm = encryption.objectIdentifier();
  const cipher = CIPHERS[cipherAlgorithm];
  if (cipher === undefined) throw unsupported(`unsupported cipher ${cipherAlgorithm}`);
  const iv = encryption.content(TAG.OCTET_STRING);
  encryption.finish();
  if (iv.length !== cipher.ivBytes) throw unreadable("IV of a wrong size");
  return { kind: "PBES2", ...decodePbkdf2(derivation, cipher.keyBytes), ...cipher, iv };
}

function decodePbkdf2(derivation: DerReader, keyBytes: number) {
  const algorithm = derivation.objectIdentifier();
  if (algorithm !== OID.PBKDF2) throw unsupported(`unsupported key derivation ${algorithm}`);
  const parameters = derivation.enter(TAG.SEQUENCE);
  derivation.finish();
  const salt = checkSalt(parameters.content(TAG.OCTET_STRING));
  const iterations = checkIterations(parameters.unsignedInteger());
  if (parameters.nextTag === TAG.INTEGER && parameters.unsignedInteger() !== keyBytes) {
    throw unreadable("key length that does not fit the cipher");
  }
  const prf = parameters.nextTag === undefined ? "sha1" : decodePrf(parameters);
  parameters.finish();
  return { prf, salt, iterations };
}

function decodePrf(parameters: DerReader): Digest {
  const identifier = parameters.enter(TAG.SEQUENCE);
  const algorithm = identifier.objectIdentifier();
  identifier.finishWithoutParameters();
  const prf = PRFS[algorithm];
  if (prf === undefined) throw unsupported(`unsupported pseudorandom function ${algorithm}`);
  return prf;
}

/** The AlgorithmIdentifier of a PBES2 scheme, octet for octet as JDK 17 writes it. */
export function encodePbes2(scheme: Pbes2): Uint8Array {
  return encodeSequence(
    encodeObjectIdentifier(OID.PBES2),
    encodeSequence(
      encodeSequence(
        encodeObjectIdentifier(OID.PBKDF2),
        encodeSequence(
          encodeOctetString(scheme.salt),
          encodeUnsignedInteger(scheme.iterations),
          encodeUnsignedInteger(scheme.keyBytes),
          encodeSequence(encodeObjectIdentifier(OID.HMAC_SHA256), encodeNull()),
        ),
      ),
      encodeSequence(encodeObjectIdentifier(OID.AES_256_CBC), encodeOctetString(scheme.iv)),
    ),
  );
}

/** What {@link decryptWith} and {@link encryptWith} need of a password. */
export interface KeyMaterial {
  readonly cipher: string;
  readonly key: Uint8Array;
  /** Where it follows from the password too; with PBES2 each ciphertext has its own. */
  readonly iv: Uint8Array | undefined;
}

/** For people: what a scheme is made of. */
export function describeScheme(scheme: EncryptionScheme): string {
  const { iterations } = scheme;
  if (scheme.kind === "PBES2") {
    const cipher = scheme.cipher.toUpperCase();
    return `PBES2, ${cipher}, PBKDF2 with HMAC-${scheme.prf.toUpperCase()}, ${iterations} iterations`;
  }
  const keys = scheme.keyBytes === 24 ? 3 : 2;
  return `pbeWithSHAAnd${keys}-KeyTripleDES-CBC, ${iterations} iterations`;
}

/** Schemes of the same name have the same key material under the same password. */
export function derivationName(scheme: EncryptionScheme): string {
  const kind = scheme.kind === "PBES2" ? `${scheme.prf} ${scheme.cipher}` : scheme.kind;
  const salt = Buffer.from(scheme.salt).toString("latin1");
  return `${kind} ${scheme.keyBytes} ${scheme.iterations} ${salt}`;
}

/** How many iterations {@link deriveKeyMaterial} takes: the older schemes derive an IV as well. */
export function totalIterations({ kind, iterations }: EncryptionScheme): number {
  return kind === "PBES2" ? iterations : 2 * iterations;
}

export async function deriveKeyMaterial(
  scheme: EncryptionScheme,
  keys: PasswordKeys,
): Promise<KeyMaterial> {
  const { salt, iterations, keyBytes } = scheme;
  if (scheme.kind === "PBES2") {
    const key = await keys.pbkdf2(scheme.prf, salt, iterations, keyBytes);
    return { cipher: scheme.cipher, key, iv: undefined };
  }
  const key = await keys.pkcs12("KEY", "sha1", salt, iterations, keyBytes);
  const iv = await keys.pkcs12("IV", "sha1", salt, iterations, 8);
  // Two-key 3DES is EDE3 whose third key is the first again.
  const key3 = keyBytes === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  return { cipher: "des-ede3-cbc", key: key3, iv };
}

/** @throws AppError ERR_KEYSTORE_UNREADABLE when the padding shows a wrong password or tampering */
export function decryptWith(
  { cipher, key, iv }: KeyMaterial,
  scheme: EncryptionScheme,
  ciphertext: Uint8Array,
): Buffer {
  const decipher = newDecipher(cipher, key, iv ?? ivOf(scheme));
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (error) {
    throw unreadable(error);
  }
}

/** The tables above are for every runtime, but Deno has no AES-192. */
function newDecipher(cipher: string, key: Uint8Array, iv: Uint8Array | null) {
  try {
    return createDecipheriv(cipher, key, iv);
  } catch {
    throw unsupported(`unsupported cipher ${cipher}`);
  }
}

export function encryptWith(
  { cipher, key, iv }: KeyMaterial,
  scheme: EncryptionScheme,
  plaintext: Uint8Array,
): Buffer {
  const encipher = createCipheriv(cipher, key, iv ?? ivOf(scheme));
  return Buffer.concat([encipher.update(plaintext), encipher.final()]);
}

/** {@link deriveKeyMaterial} and {@link decryptWith} in one. */
export async function decrypt(
  scheme: EncryptionScheme,
  keys: PasswordKeys,
  ciphertext: Uint8Array,
): Promise<Buffer> {
  return decryptWith(await deriveKeyMaterial(scheme, keys), scheme, ciphertext);
}

export async function encrypt(
  scheme: EncryptionScheme,
  keys: PasswordKeys,
  plaintext: Uint8Array,
): Promise<Buffer> {
  return encryptWith(await deriveKeyMaterial(scheme, keys), scheme, plaintext);
}

function ivOf(scheme: EncryptionScheme): Uint8Array | null {
  return scheme.kind === "PBES2" ? scheme.iv : null;
}
