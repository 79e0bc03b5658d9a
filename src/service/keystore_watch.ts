import { AppError } from "../errors.ts";
import type { Keystore } from "../keystore/keystore.ts";
import type { Log } from "../model/log.ts";

export interface KeystoreWatchDependencies {
  readonly keystore: Keystore;
  readonly log: Log;
}

/** Tells once when a keystore cannot be opened any more, when it can again, and when others change it. */
export class KeystoreWatch {
  readonly #dependencies: KeystoreWatchDependencies;
  #reloads: number;
  /** What was wrong the last time: a file caught half-written is no news. */
  #suspicion: string | undefined;
  /** What has been told to be wrong. */
  #told: string | undefined;

  constructor(dependencies: KeystoreWatchDependencies) {
    this.#dependencies = dependencies;
    this.#reloads = dependencies.keystore.reloads;
  }

  /** To be called again and again. */
  async look(): Promise<void> {
    const fault = await this.#findFault();
    const { keystore, log } = this.#dependencies;
    const isSettled = fault?.message === this.#suspicion;
    this.#suspicion = fault?.message;
    if (isSettled && fault !== undefined && fault.message !== this.#told) {
      this.#told = fault.message;
      log.warn(fault.message, { reason: fault.code });
    } else if (fault === undefined && this.#told !== undefined) {
      this.#told = undefined;
      log.info("the keystore can be opened again", { keys: keystore.keyCount });
    }
    if (keystore.reloads === this.#reloads) return;
    this.#reloads = keystore.reloads;
    log.info("another program has changed the keystore", { keys: keystore.keyCount });
  }

  async #findFault(): Promise<AppError | undefined> {
    try {
      return (await this.#dependencies.keystore.read()).fault;
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }
}
