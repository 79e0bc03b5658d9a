import { pbkdf2 } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import type { Secret } from "../model/secret.ts";
import type { Digest, Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { bmpPassword, PURPOSE } from "./key_derivation.ts";
import { unsupported } from "./unreadable.ts";

const deriveWithPbkdf2 = promisify(pbkdf2);

/**
 * The keys that follow from one password, each derived once. Bags that share a salt share their
 * derivation; that is what makes a large keystore of our own cheap to open.
 */
export class PasswordKeys {
  readonly #password: Secret;
  readonly #pkcs12Kdf: Pkcs12Kdf;
  #derived = new Map<string, Promise<Uint8Array>>();
  /** When the last derivation that blocks will be over, and others have had their turn. */
  #unblocked: Promise<unknown> = Promise.resolve();
  #maxIterations = Infinity;
  #iterations = 0;

  constructor(password: Secret, pkcs12Kdf: Pkcs12Kdf) {
    this.#password = password;
    this.#pkcs12Kdf = pkcs12Kdf;
  }

  /**
   * The same keys for reading a file: whoever wrote it chose the iterations, of which those
   * derivations that are not known yet may take so many in all.
   *
   * Beyond, both methods throw AppError ERR_KEYSTORE_UNSUPPORTED.
   */
  within(maxIterations: number): PasswordKeys {
    const keys = new PasswordKeys(this.#password, this.#pkcs12Kdf);
    keys.#derived = this.#derived;
    keys.#maxIterations = maxIterations;
    return keys;
  }

  /** PBKDF2 (RFC 8018 section 5.2) with an HMAC as its pseudorandom function. */
  pbkdf2(
    prf: Digest,
    salt: Uint8Array,
    iterations: number,
    bytes: number,
  ): Promise<Uint8Array> {
    return this.#once(
      iterations,
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
      iterations,
      ["pkcs12", purpose, digest, iterations, bytes, hex(salt)],
      () =>
        this.#inTurn(() =>
          this.#pkcs12Kdf({
            digest,
            password: bmpPassword(this.#password.reveal()),
            salt,
            purpose: PURPOSE[purpose],
            iterations,
            bytes,
          })
        ),
    );
  }

  async #once(
    iterations: number,
    parameters: readonly (string | number)[],
    derive: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const name = parameters.join(" ");
    let key = this.#derived.get(name);
    if (key === undefined) {
      if (this.#iterations + iterations > this.#maxIterations) {
        const text =
          `its key derivations ask for more than ${this.#maxIterations} iterations in all`;
        throw unsupported(text);
      }
      this.#iterations += iterations;
      this.#derived.set(name, key = derive());
    }
    return await key;
  }

  /** Derives on this thread, but lets others have it between one derivation and the next. */
  #inTurn(derive: () => Uint8Array): Promise<Uint8Array> {
    const key = this.#unblocked.then(derive);
    this.#unblocked = key.then(() => setImmediate(), () => undefined);
    return key;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
