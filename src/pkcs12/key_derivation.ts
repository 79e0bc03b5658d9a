import { createHash } from "node:crypto";
import type { Digest, Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { utf16BigEndian } from "./der_writer.ts";

/** The block size in octets (the v of appendix B.2), which HMAC uses too. */
const BLOCK_BYTES: Readonly<Record<Digest, number>> = {
  sha1: 64,
  sha224: 64,
  sha256: 64,
  sha384: 128,
  sha512: 128,
};

/** What the derived octets are for (RFC 7292 appendix B.3). */
export const PURPOSE = { KEY: 1, IV: 2, MAC: 3 } as const;

/** The password as appendix B.1 wants it: big-endian UTF-16 with a terminating zero. */
export function bmpPassword(password: string): Uint8Array {
  return utf16BigEndian(`${password}\0`);
}

/**
 * The derivation in portable code. It costs ten to twenty times what OpenSSL's own costs, as every
 * round is a call of its own: the platform passes in OpenSSL's where it can be reached.
 */
export const portablePkcs12Kdf: Pkcs12Kdf = (derivation) => {
  const { digest, password, salt, purpose, iterations, bytes } = derivation;
  const blockBytes = BLOCK_BYTES[digest];
  const diversifier = new Uint8Array(blockBytes).fill(purpose);
  const input = new Uint8Array([...fill(salt, blockBytes), ...fill(password, blockBytes)]);
  const output: number[] = [];
  while (output.length < bytes) {
    let hash: Uint8Array = createHash(digest).update(diversifier).update(input).digest();
    for (let round = 1; round < iterations; round++) {
      hash = createHash(digest).update(hash).digest();
    }
    output.push(...hash);
    const addend = fill(hash, blockBytes, blockBytes);
    for (let start = 0; start < input.length; start += blockBytes) {
      addWithOne(input.subarray(start, start + blockBytes), addend);
    }
  }
  return Uint8Array.from(output.slice(0, bytes));
};

/** `source` over and over, up to `length` or else the next multiple of the block size. */
function fill(
  source: Uint8Array,
  blockBytes: number,
  length = blockBytes * Math.ceil(source.length / blockBytes),
): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => source[i % source.length] ?? 0);
}

/** block = (block + addend + 1) modulo 2^(8 × length), big-endian (step 6c). */
function addWithOne(block: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let i = block.length - 1; i >= 0; i--) {
    carry += (block[i] ?? 0) + (addend[i] ?? 0);
    block[i] = carry & 0xff;
    carry >>= 8;
  }
}
