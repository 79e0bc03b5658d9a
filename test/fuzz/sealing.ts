import { createCipheriv, createDecipheriv, pbkdf2Sync } from "node:crypto";
import { DerReader } from "../../src/pkcs12/der_reader.ts";
import {
  decodeEncryptionScheme,
  type EncryptionScheme,
} from "../../src/pkcs12/encryption_scheme.ts";
import { bmpPassword, portablePkcs12Kdf, PURPOSE } from "../../src/pkcs12/key_derivation.ts";
import { TAG } from "../../src/pkcs12/tag.ts";

interface KeyMaterial {
  readonly cipher: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** More would make a case slow to make; a reader that gets that far refuses the padding instead. */
const MAX_SEALING_ITERATIONS = 20_000;
const MAX_REMEMBERED = 2_000;
const UNKEYED: KeyMaterial = {
  cipher: "aes-256-cbc",
  key: new Uint8Array(32),
  iv: new Uint8Array(16),
};

const derived = new Map<string, KeyMaterial>();

/** Encrypts under an AlgorithmIdentifier; under some other key where that makes no sense. */
export function sealUnder(
  algorithmIdentifier: Uint8Array | undefined,
  password: string,
  plaintext: Uint8Array,
): Uint8Array {
  const scheme = algorithmIdentifier && decodeScheme(algorithmIdentifier);
  const isUsable = scheme && isEverywhere(scheme) && scheme.iterations <= MAX_SEALING_ITERATIONS;
  return seal(isUsable ? keyMaterial(scheme, password) : UNKEYED, plaintext);
}

/** The same with a cipher that {@link sealUnder} leaves alone. On Node. */
export function sealUnderAny(
  algorithmIdentifier: Uint8Array,
  password: string,
  plaintext: Uint8Array,
): Uint8Array {
  const scheme = decodeScheme(algorithmIdentifier);
  if (scheme === undefined) throw new TypeError("no scheme");
  return seal(keyMaterial(scheme, password), plaintext);
}

/** @returns undefined where the password or the algorithm is not the one */
export function unsealUnder(
  algorithmIdentifier: Uint8Array,
  password: string,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const scheme = decodeScheme(algorithmIdentifier);
  if (scheme === undefined || !isEverywhere(scheme)) return undefined;
  const { cipher, key, iv } = keyMaterial(scheme, password);
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Deno has no AES-192, and a case is to be the same on every runtime. */
function isEverywhere(scheme: EncryptionScheme): boolean {
  return scheme.kind !== "PBES2" || scheme.cipher !== "aes-192-cbc";
}

function seal({ cipher, key, iv }: KeyMaterial, plaintext: Uint8Array): Uint8Array {
  const encipher = createCipheriv(cipher, key, iv);
  return Buffer.concat([encipher.update(plaintext), encipher.final()]);
}

function keyMaterial(scheme: EncryptionScheme, password: string): KeyMaterial {
  const name = `${password} ${JSON.stringify(scheme)}`;
  let material = derived.get(name);
  if (material === undefined) {
    if (derived.size >= MAX_REMEMBERED) derived.clear();
    derived.set(name, material = derive(scheme, password));
  }
  return material;
}

function decodeScheme(algorithmIdentifier: Uint8Array): EncryptionScheme | undefined {
  try {
    return decodeEncryptionScheme(new DerReader(algorithmIdentifier).enter(TAG.SEQUENCE));
  } catch {
    return undefined;
  }
}

function derive(scheme: EncryptionScheme, password: string): KeyMaterial {
  const { salt, iterations, keyBytes } = scheme;
  if (scheme.kind === "PBES2") {
    const key = pbkdf2Sync(password, salt, iterations, keyBytes, scheme.prf);
    return { cipher: scheme.cipher, key, iv: scheme.iv };
  }
  const derivation = { digest: "sha1", password: bmpPassword(password), salt, iterations } as const;
  const key = portablePkcs12Kdf({ ...derivation, purpose: PURPOSE.KEY, bytes: keyBytes });
  const iv = portablePkcs12Kdf({ ...derivation, purpose: PURPOSE.IV, bytes: 8 });
  const key3 = keyBytes === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  return { cipher: "des-ede3-cbc", key: key3, iv };
}
