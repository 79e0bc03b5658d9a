import type { Keystore } from "../keystore/keystore.ts";
import type { PasswordSource } from "../keystore/store_password.ts";
import { findIrregularities } from "./findings.ts";

export interface KeystoreStatus {
  readonly path: string;
  readonly exists: boolean;
  readonly keys: number;
  readonly otherEntries: number;
  readonly password:
    | { readonly source: PasswordSource; readonly path: string | undefined }
    | undefined;
  /** For an operator, each with what to do about it. */
  readonly warnings: readonly string[];
}

/** What an operator wants to know about the keystore, without anything secret. */
export class StatusService {
  readonly #keystore: Keystore;
  readonly #socket: string | undefined;

  /** @param socket where a daemon listens */
  constructor(keystore: Keystore, socket: string | undefined) {
    this.#keystore = keystore;
    this.#socket = socket;
  }

  /** @throws AppError ERR_KEYSTORE_* */
  async status(): Promise<KeystoreStatus> {
    const keystore = await this.#keystore.read();
    const { content, stored } = keystore;
    const { path } = this.#keystore;
    const findings = await findIrregularities(keystore, path, this.#socket);
    return {
      path,
      exists: stored !== undefined,
      keys: content.entries.size,
      otherEntries: content.otherEntries,
      password: stored && { source: stored.password.source, path: stored.password.path },
      warnings: findings.map(({ text, remedy }) => `${text}: ${remedy}`),
    };
  }
}
