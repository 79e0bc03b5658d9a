import type { Clock, Instant } from "../model/instant.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { openKeys } from "../keystore/keystore_content.ts";
import type { PasswordSource } from "../keystore/store_password.ts";
import { findIrregularities } from "./findings.ts";
import { countStates, type KeyState } from "./key_states.ts";

export interface KeystoreStatus {
  readonly path: string;
  readonly exists: boolean;
  readonly keys: number;
  readonly otherEntries: number;
  readonly states: Readonly<Record<KeyState, number>>;
  /** undefined where there is no file */
  readonly savedAt: Instant | undefined;
  readonly password:
    | { readonly source: PasswordSource; readonly path: string | undefined }
    | undefined;
  /** For an operator, each with what to do about it. */
  readonly warnings: readonly string[];
}

/** What an operator wants to know about the keystore, without anything secret. */
export class StatusService {
  readonly #keystore: Keystore;
  readonly #clock: Clock;
  readonly #socket: string | undefined;

  /** @param socket where a daemon listens */
  constructor(keystore: Keystore, clock: Clock, socket: string | undefined) {
    this.#keystore = keystore;
    this.#clock = clock;
    this.#socket = socket;
  }

  /** @throws AppError ERR_KEYSTORE_* */
  async status(): Promise<KeystoreStatus> {
    const keystore = await this.#keystore.read();
    const { content, stored } = keystore;
    const { path } = this.#keystore;
    const findings = await findIrregularities(keystore, this.#keystore, this.#socket);
    return {
      path,
      exists: stored !== undefined,
      keys: content.entries.size,
      otherEntries: content.otherEntries,
      states: countStates(await openKeys(content), this.#clock()),
      savedAt: this.#keystore.savedAt(),
      password: stored && { source: stored.password.source, path: stored.password.path },
      warnings: findings.map(({ text, remedy }) => `${text}: ${remedy}`),
    };
  }
}
