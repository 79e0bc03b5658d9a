import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../model/secret.ts";
import type { Digest, Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { bmpPassword, PURPOSE } from "./key_derivation.ts";

const deriveWithPbkdf2 = promisify(pbkdf2);

/**
 * The keys that follow from one password, each derived once. Bags that share a salt share their
 * derivation; that is what makes a large keystore of our own cheap to open.
 */
export class PasswordKeys {
  readonly #password: Secret;
  readonly #pkcs12Kdf: Pkcs12Kdf;
  readonly #derived = new Map<string, Promise<Uint8Array>>();

  constructor(password: Secret, pkcs12Kdf: Pkcs12Kdf) {
    this.#password = password;
    this.#pkcs12Kdf = pkcs12Kdf;
  }

  /** PBKDF2 (RFC 8018 section 5.2) with an HMAC as its pseudorandom function. */
  pbkdf2(
    prf: Digest,
    salt: Uint8Array,
    iterations: number,
    bytes: number,
  ): Promise<Uint8Array> {
    return this.#once(
      ["pbkdf2", prf, iterations, bytes, hex(salt)],
      () => deriveWithPbkdf2(this.#password.reveal(), salt, iterations, bytes, prf),
    );
  }

  /** RFC 7292 appendix B.2. */
  pkcs12(
    purpose: keyof typeof PURPOSE,
    digest: Digest,
    salt: Uint8Array,
    iterations: number,
    bytes: number,
  ): Promise<Uint8Array> {
    return this.#once(
      ["pkcs12", purpose, digest, iterations, bytes, hex(salt)],
      () =>
        Promise.resolve(this.#pkcs12Kdf({
          digest,
          password: bmpPassword(this.#password.reveal()),
          salt,
          purpose: PURPOSE[purpose],
          iterations,
          bytes,
        })),
    );
  }

  #once(
    parameters: readonly (string | number)[],
    derive: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const name = parameters.join(" ");
    let key = this.#derived.get(name);
    if (key === undefined) this.#derived.set(name, key = derive());
    return key;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
