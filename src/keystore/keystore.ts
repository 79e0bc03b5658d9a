import { Secret } from "../model/secret.ts";
import { AppError } from "../errors.ts";
import type { Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { MAX_FILE_BYTES } from "../pkcs12/limits.ts";
import { PasswordKeys } from "../pkcs12/password_keys.ts";
import { decodePfx, emptyPfx, encodePfx } from "../pkcs12/pfx.ts";
import { ENTRY_PASSWORD } from "./api_key_entry.ts";
import { FileChangedError, type FileIdentity, type KeystoreFile } from "./keystore_file.ts";
import { indexContent, type KeystoreContent } from "./keystore_content.ts";
import { KeystoreDraft } from "./keystore_draft.ts";
import type { StorePassword } from "./store_password.ts";
import type { WriterLock } from "./writer_lock.ts";

export interface KeystoreOptions {
  readonly file: KeystoreFile;
  readonly lock: WriterLock;
  readonly pkcs12Kdf: Pkcs12Kdf;
  /** Finds the password of an existing keystore. */
  readonly findPassword: () => StorePassword;
  /** Chooses the password of a keystore about to be created. */
  readonly newPassword: () => Promise<StorePassword>;
}

/** One state of the file, opened. */
export interface OpenKeystore {
  readonly content: KeystoreContent;
  /** undefined as long as there is no file */
  readonly stored: {
    readonly identity: FileIdentity;
    /** The file's permission bits. */
    readonly mode: number;
    readonly password: StorePassword;
    readonly storeKeys: PasswordKeys;
  } | undefined;
}

/** How often to start over because another program was faster. */
const MAX_COMMIT_ROUNDS = 20;

interface Change {
  readonly apply: (draft: KeystoreDraft) => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The keystore: what is in the file now, and the one way to change it.
 *
 * The file is the truth. Every call looks whether it is still the one in memory, because Java
 * programs write it too, and opens it again if not.
 */
export class Keystore {
  readonly #options: KeystoreOptions;
  #open: OpenKeystore | undefined;
  /** Whether `#open` may be behind the file although the file looks the same. */
  #inDoubt = false;
  #opening: Promise<OpenKeystore> | undefined;
  #waiting: Change[] = [];
  #committing: Promise<void> | undefined;

  constructor(options: KeystoreOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.file.path;
  }

  /** @throws AppError ERR_KEYSTORE_* naming the file */
  async read(): Promise<OpenKeystore> {
    this.#options.lock.assertReadable();
    return await this.#current();
  }

  /**
   * Applies a change and returns its result once the file that holds it is on the disk.
   *
   * Changes that arrive while one is being saved are saved together; each fails or succeeds alone.
   * `apply` runs again on the newer state when another program has written meanwhile, so it must
   * depend on nothing but the draft.
   */
  change<T>(apply: (draft: KeystoreDraft) => T | Promise<T>): Promise<T> {
    let result: T;
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({
        apply: async (draft) => void (result = await apply(draft)),
        resolve,
        reject,
      });
    });
    this.#committing ??= this.#commitWaiting();
    return done.then(() => result);
  }

  async #commitWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const changes = this.#waiting;
      this.#waiting = [];
      try {
        await this.#options.lock.run(() => this.#commit(changes));
      } catch (error) {
        for (const change of changes) change.reject(error);
      }
    }
    this.#committing = undefined;
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    for (let round = 0;; round++) {
      const base = await this.#current();
      const draft = new KeystoreDraft(base.content);
      const applied: Change[] = [];
      const refused: [Change, unknown][] = [];
      for (const change of changes) {
        await change.apply(draft).then(
          () => applied.push(change),
          (reason) => refused.push([change, reason]),
        );
      }
      try {
        if (draft.changed) await this.#save(base, await draft.finish());
      } catch (error) {
        if (!(error instanceof FileChangedError)) throw error;
        if (round < MAX_COMMIT_ROUNDS) continue;
        const text = `keystore ${this.path} is being written by another program all the time`;
        throw new AppError("ERR_KEYSTORE_IN_USE", text);
      }
      for (const change of applied) change.resolve();
      for (const [change, reason] of refused) change.reject(reason);
      return;
    }
  }

  async #save(base: OpenKeystore, content: KeystoreContent): Promise<void> {
    const password = base.stored?.password ?? await this.#options.newPassword();
    const storeKeys = base.stored?.storeKeys ?? this.#keys(password.secret);
    const bytes = await encodePfx(content.pfx, storeKeys);
    if (bytes.length > MAX_FILE_BYTES) {
      const text = `keystore ${this.path} would grow beyond ${MAX_FILE_BYTES} bytes`;
      throw new AppError("ERR_KEYSTORE_UNSUPPORTED", text);
    }
    // A save that fails half-way may or may not have replaced the file: it has to be read again.
    this.#inDoubt = true;
    const { identity, mode } = await this.#options.file.replace(bytes, base.stored?.identity);
    this.#open = { content, stored: { identity, mode, password, storeKeys } };
    this.#inDoubt = false;
  }

  async #current(): Promise<OpenKeystore> {
    const identity = this.#options.file.identity();
    const isCurrent = !this.#inDoubt && this.#open?.stored?.identity === identity;
    if (this.#open !== undefined && isCurrent) return this.#open;
    // Callers that find the file changed at the same time open it together.
    this.#opening ??= this.#load().finally(() => this.#opening = undefined);
    return await this.#opening;
  }

  async #load(): Promise<OpenKeystore> {
    const state = this.#options.file.read();
    // Fresh keys each time, or those of long-gone salts would pile up in a daemon.
    const entryKeys = this.#keys(new Secret(ENTRY_PASSWORD));
    if (state === undefined) {
      return this.#opened({ content: indexContent(emptyPfx(), entryKeys), stored: undefined });
    }
    const password = this.#options.findPassword();
    const storeKeys = this.#keys(password.secret);
    try {
      const pfx = await decodePfx(state.bytes, storeKeys);
      const content = indexContent(pfx, entryKeys, this.#open?.content.entries);
      const stored = { identity: state.identity, mode: state.mode, password, storeKeys };
      return this.#opened({ content, stored });
    } catch (error) {
      throw naming(this.path, error);
    }
  }

  #opened(open: OpenKeystore): OpenKeystore {
    this.#inDoubt = false;
    return this.#open = open;
  }

  #keys(password: Secret): PasswordKeys {
    return new PasswordKeys(password, this.#options.pkcs12Kdf);
  }
}

function naming(path: string, error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const text = `cannot open keystore ${path}: ${error.message}`;
  return new AppError(error.code, text, { cause: error });
}
