import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../errors.ts";
import { Secret } from "../model/secret.ts";
import type { Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { PasswordKeys } from "../pkcs12/password_keys.ts";
import { decodePfx, emptyPfx, type Pfx } from "../pkcs12/pfx.ts";
import { ENTRY_PASSWORD } from "./api_key_entry.ts";
import { changesBetween, type KeyChange } from "./key_change.ts";
import type { FileIdentity, FileStamp, KeystoreFile } from "./keystore_file.ts";
import { indexContent, type KeystoreContent } from "./keystore_content.ts";
import type { StorePassword } from "./store_password.ts";
import type { StorePasswords } from "./store_passwords.ts";

/** One state of the file, opened. */
export interface OpenKeystore {
  readonly content: KeystoreContent;
  /** undefined as long as there is no file */
  readonly stored: StoredState | undefined;
}

export interface StoredState extends FileStamp {
  readonly password: StorePassword;
  readonly storeKeys: PasswordKeys;
}

/** Takes what has happened to keys, at the moment from which on it counts. */
export type Announce = (changes: readonly KeyChange[]) => void;

export interface KeystoreStateOptions {
  readonly file: KeystoreFile;
  readonly pkcs12Kdf: Pkcs12Kdf;
  readonly passwords: StorePasswords;
}

/**
 * A file that was changed so lately and does not open may be caught half-written: Java empties it
 * before it has made what goes in, which takes it up to some tenths of a second.
 */
const SETTLED_AFTER_MS = 1_000;
/** However often it changes. */
const MAX_WAIT_MS = 10_000;
const POLL_MS = 10;

/** How long to believe that what does not open still would not: a password may come back, too. */
const FAULT_KEPT_MS = 1_000;

const FRESH_MS = 1;

interface KnownFault {
  readonly error: AppError;
  readonly identity: FileIdentity | undefined;
  readonly until: number;
}

const NOT_STORED: FileStamp = { identity: "", mode: 0, clockTickMs: 0 };

/**
 * What is in the file. The file is the truth: every call looks whether it is still the one in
 * memory, because Java programs write it too, and opens it again if not.
 */
export class KeystoreState {
  readonly #options: KeystoreStateOptions;
  readonly #announce: Announce;
  /** The last state that opened, which may not be the file's any more. */
  #open: OpenKeystore | undefined;
  /** Whether `#open` may be behind the file although the file looks the same. */
  #inDoubt = false;
  #nextIdentity: FileIdentity | undefined;
  #opening: Promise<OpenKeystore> | undefined;
  #fault: KnownFault | undefined;
  /** Until when what was found in memory need not be compared with the file. */
  #freshUntil = 0;
  #reloads = 0;

  constructor(options: KeystoreStateOptions, announce: Announce) {
    this.#options = options;
    this.#announce = announce;
  }

  get path(): string {
    return this.#options.file.path;
  }

  /** How often another program's file took the place of the one in memory. */
  get reloads(): number {
    return this.#reloads;
  }

  /** What is in the file now, unless it does not open and there is an earlier state that did. */
  get lastGood(): OpenKeystore | undefined {
    return this.#open?.stored && this.#open;
  }

  /**
   * What is in the file now. A file caught half-written is waited for.
   *
   * @throws AppError ERR_KEYSTORE_* naming the file
   */
  async settled(): Promise<OpenKeystore> {
    const startedAt = Date.now();
    for (;;) {
      try {
        return await this.now();
      } catch (error) {
        if (Date.now() - startedAt > MAX_WAIT_MS) throw error;
        if (!this.#mayBeUnderWay(error, startedAt)) throw error;
        await sleep(POLL_MS);
      }
    }
  }

  /** The same without waiting. */
  async now(): Promise<OpenKeystore> {
    const identity = this.#options.file.identity();
    const open = this.#known(identity);
    if (open !== undefined) return open;
    // Callers that find the file changed at the same time open it together.
    this.#opening ??= this.#loadOrLearn(identity).finally(() => this.#opening = undefined);
    const opened = await this.#opening;
    // It may have been under way already when the file changed once more.
    return opened.stored?.identity === identity ? opened : await this.now();
  }

  /** Why this very file did not open a moment ago: to try again for each reader would be costly. */
  knownFault(): AppError | undefined {
    const fault = this.#fault;
    if (fault === undefined || performance.now() > fault.until) return undefined;
    return fault.identity === this.#options.file.identity() ? fault.error : undefined;
  }

  /** The same, if memory has it. */
  inMemory(): OpenKeystore | undefined {
    return this.#known(this.#options.file.identity());
  }

  #known(identity: FileIdentity | undefined): OpenKeystore | undefined {
    const isNext = identity !== undefined && identity === this.#nextIdentity;
    const isKnown = isNext || identity === this.#open?.stored?.identity;
    return isKnown && !this.#inDoubt ? this.#open : undefined;
  }

  /**
   * The same for thousands of readers a second, which look at the file once a millisecond: that
   * would be a fifth of what an answer costs.
   *
   * @param now of `performance`
   */
  inMemoryLately(now: number): OpenKeystore | undefined {
    if (now < this.#freshUntil) return this.#open;
    const open = this.inMemory();
    if (open !== undefined) this.#freshUntil = now + FRESH_MS;
    return open;
  }

  /**
   * The file is about to have this identity. Until the save is known to have succeeded, the present
   * state is what counts: the next one may not be on the disk yet.
   */
  expect(identity: FileIdentity): void {
    this.#nextIdentity = identity;
  }

  /** A save has failed: whatever is in the file now has to be read again. */
  doubt(): void {
    this.#inDoubt = true;
    this.#freshUntil = 0;
    this.#nextIdentity = undefined;
  }

  /** A save has succeeded: takes over what is in the file. */
  replaced(open: OpenKeystore): OpenKeystore {
    this.#nextIdentity = undefined;
    return this.#take(open);
  }

  #take(open: OpenKeystore): OpenKeystore {
    this.#inDoubt = false;
    return this.#open = open;
  }

  keys(password: Secret): PasswordKeys {
    return new PasswordKeys(password, this.#options.pkcs12Kdf);
  }

  /**
   * Opens what may become the file's next state, with the passwords that the file itself may have.
   *
   * @throws AppError ERR_KEYSTORE_UNREADABLE, ERR_KEYSTORE_UNSUPPORTED
   */
  async decode(
    bytes: Uint8Array,
    { identity, mode, clockTickMs }: FileStamp = NOT_STORED,
  ): Promise<OpenKeystore> {
    const { pfx, password, storeKeys } = await this.#tryPasswords(bytes);
    // Fresh keys each time, or those of long-gone salts would pile up in a daemon.
    const entryKeys = this.keys(new Secret(ENTRY_PASSWORD));
    const content = indexContent(pfx, entryKeys, this.#open?.content.entries);
    return { content, stored: { identity, mode, clockTickMs, password, storeKeys } };
  }

  /** @param identity of the file that is about to be opened */
  async #loadOrLearn(identity: FileIdentity | undefined): Promise<OpenKeystore> {
    try {
      return await this.#load();
    } catch (error) {
      // A disk that fails may work the next time, and costs nothing to ask.
      if (error instanceof AppError && error.code !== "ERR_KEYSTORE_IO") {
        this.#fault = { error, identity, until: performance.now() + FAULT_KEPT_MS };
      }
      throw error;
    }
  }

  async #load(): Promise<OpenKeystore> {
    const before = this.#open;
    const state = this.#options.file.read();
    if (state !== undefined) {
      const open = await this.decode(state.bytes, state).catch((error) => {
        throw naming(this.path, error);
      });
      // A save has ended meanwhile: what was read is older.
      if (this.#open !== before) return await this.#load();
      this.#take(open);
      if (before !== undefined) this.#announceReload(before, open);
      // A second change in the same tick of the file system's clock would look like the first.
      if (Math.abs(Date.now() - state.changedAt) < state.clockTickMs) this.doubt();
      return open;
    }
    if (this.lastGood !== undefined) {
      const text = `keystore ${this.path} has been removed while it was in use`;
      throw new AppError("ERR_KEYSTORE_IO", text);
    }
    const entryKeys = this.keys(new Secret(ENTRY_PASSWORD));
    return this.#take({ content: indexContent(emptyPfx(), entryKeys), stored: undefined });
  }

  #announceReload(before: OpenKeystore, { content, stored }: OpenKeystore): void {
    const changes = changesBetween(before.content.entries, content.entries);
    // A file in doubt is read again and mostly found as it was.
    const isSame = before.stored?.identity === stored?.identity;
    if (isSame && changes.length === 1) return;
    this.#reloads++;
    this.#announce(changes);
  }

  /** A rekeying that was killed leaves two passwords, of which one opens the file. */
  async #tryPasswords(
    bytes: Uint8Array,
  ): Promise<{ pfx: Pfx; password: StorePassword; storeKeys: PasswordKeys }> {
    let firstError: unknown;
    for (const password of this.#options.passwords.find()) {
      const storeKeys = this.keys(password.secret);
      try {
        return { pfx: await decodePfx(bytes, storeKeys), password, storeKeys };
      } catch (error) {
        firstError ??= error;
      }
    }
    throw firstError ?? new TypeError("no password to try");
  }

  #mayBeUnderWay(error: unknown, startedAt: number): boolean {
    const changedAt = this.#options.file.changedAt();
    // One that is gone may be about to be replaced by a program that removes it first.
    if (changedAt === undefined) return Date.now() - startedAt < SETTLED_AFTER_MS;
    const isGarbled = error instanceof AppError && error.code !== "ERR_KEYSTORE_IO";
    return isGarbled && Math.abs(Date.now() - changedAt) < SETTLED_AFTER_MS;
  }
}

function naming(path: string, error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const text = `cannot open keystore ${path}: ${error.message}`;
  return new AppError(error.code, text, { cause: error });
}
