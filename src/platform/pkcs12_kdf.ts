/** Hash functions by their OpenSSL names. */
export type Digest = "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

/** One derivation of RFC 7292 appendix B.2. */
export interface Pkcs12Derivation {
  readonly digest: Digest;
  /** Big-endian UTF-16 with a terminating zero (appendix B.1). */
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** The ID of appendix B.3: 1 for a key, 2 for an IV, 3 for a MAC key. */
  readonly purpose: 1 | 2 | 3;
  readonly iterations: number;
  readonly bytes: number;
}

export type Pkcs12Kdf = (derivation: Pkcs12Derivation) => Uint8Array;
