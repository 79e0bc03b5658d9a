import { setImmediate } from "node:timers/promises";
import { AppError } from "../errors.ts";
import type { Secret } from "../model/secret.ts";
import { MAX_FILE_BYTES } from "../pkcs12/limits.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import { encodePfx, encodePfxPieces, type Pfx } from "../pkcs12/pfx.ts";
import { type Instant, systemClock } from "../model/instant.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import {
  type AuditBags,
  type AuditIdentity,
  findAuditBags,
  hasAuditEntry,
  isSameEntry,
  newAuditBags,
  openAuditEntry,
} from "./audit_entry.ts";
import { type Change, GroupCommit } from "./group_commit.ts";
import type { Generation } from "./generations.ts";
import {
  FileChangedError,
  type FileIdentity,
  type FileStamp,
  type KeystoreFile,
} from "./keystore_file.ts";
import type { KeyChange } from "./key_change.ts";
import { KeystoreDraft } from "./keystore_draft.ts";
import { KeystoreState, type KeystoreStateOptions, type OpenKeystore } from "./keystore_state.ts";
import { rekeyContent } from "./rekey_content.ts";
import type { StorePassword } from "./store_password.ts";
import type { WriterLock } from "./writer_lock.ts";

export interface KeystoreOptions extends KeystoreStateOptions {
  readonly file: KeystoreFile;
  readonly lock: WriterLock;
  /**
   * Of which host to make the key that signs its audit log, with the first change; undefined to make
   * none.
   */
  readonly auditHost?: string | undefined;
}

/** What there is to read. */
export interface ReadableKeystore extends OpenKeystore {
  /**
   * Why the file cannot be opened any more; this is then the last state that could be, and nothing
   * is written until the file opens again.
   */
  readonly fault: AppError | undefined;
}

interface FoundAuditEntry {
  readonly pfx: Pfx;
  readonly bags: AuditBags | undefined;
  readonly identity: AuditIdentity | undefined;
}

const LONG_TICK_MS = 100;

/** More changes at once are told as one that may be about any key: nobody has to keep up with them. */
const MAX_TOLD = 500;

/** How often to start over because another program was faster. */
const MAX_COMMIT_ROUNDS = 20;

/** The keystore: what is in the file now, and the one way to change it. */
export class Keystore {
  readonly #options: KeystoreOptions;
  readonly #state: KeystoreState;
  readonly #turns: GroupCommit;
  readonly #listeners = new Set<(change: KeyChange) => void>();
  #saves = 0;
  /** What was found in which state of the keystore. */
  #audit: FoundAuditEntry | undefined;
  /** Whether what a killed rekeying may have left is gone; only an earlier process can have. */
  #tidied = false;

  constructor(options: KeystoreOptions) {
    this.#options = options;
    this.#state = new KeystoreState(options, (changes) => this.#announce(changes));
    this.#turns = new GroupCommit(options.lock, (changes) => this.#commit(changes));
  }

  get path(): string {
    return this.#options.file.path;
  }

  /** See {@link Platform.guardedFiles}. */
  get guardedFiles(): GuardedFiles | undefined {
    return this.#options.file.guardedFiles;
  }

  /** API keys in memory. */
  get keyCount(): number {
    return this.#state.lastGood?.content.entries.size ?? 0;
  }

  /** How often this process has replaced the file. */
  get saves(): number {
    return this.#saves;
  }

  /** How often the file was opened again, because another program had changed it. */
  get reloads(): number {
    return this.#state.reloads;
  }

  /** When the file was last written, by whichever program; undefined where there is none. */
  savedAt(): Instant | undefined {
    const changedAt = this.#options.file.changedAt();
    return changedAt === undefined ? undefined : Math.floor(changedAt) as Instant;
  }

  /** Earlier states that are kept beside the file, the newest first. */
  generations(): Generation[] {
    return this.#options.file.generations();
  }

  /**
   * What is in the file now, or was in it as long as it could be opened.
   *
   * @throws AppError ERR_KEYSTORE_* naming the file
   */
  async read(): Promise<ReadableKeystore> {
    this.#options.lock.assertReadable();
    const { lastGood } = this.#state;
    if (lastGood === undefined) return { ...await this.#state.settled(), fault: undefined };
    try {
      const fault = this.#state.knownFault();
      if (fault !== undefined) return { ...lastGood, fault };
      return { ...await this.#state.now(), fault: undefined };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { ...lastGood, fault: error };
    }
  }

  /**
   * What the audit log of this keystore is signed with; undefined as long as there is nothing.
   *
   * @throws AppError ERR_KEYSTORE_*
   */
  async auditIdentity(): Promise<AuditIdentity | undefined> {
    const { content: { pfx }, stored } = await this.read();
    if (this.#audit?.pfx === pfx) return this.#audit.identity;
    const bags = stored && findAuditBags(pfx);
    const isSame = bags !== undefined && isSameEntry(bags, this.#audit?.bags);
    const identity = isSame
      ? this.#audit?.identity
      : bags && await openAuditEntry(bags, stored.storeKeys);
    this.#audit = { pfx, bags, identity };
    return identity;
  }

  /**
   * The same without waiting, for those who ask thousands of times a second. Another program's
   * change may go unnoticed for a millisecond.
   *
   * @param now of `performance`
   * @returns undefined where the file has to be opened first
   */
  readNow(now: number): OpenKeystore | undefined {
    try {
      return this.#state.inMemoryLately(now) ??
        (this.#state.knownFault() && this.#state.lastGood);
    } catch (error) {
      // What cannot even be looked at is for `read` to say.
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  /**
   * Tells of every change from the moment on from which {@link read} shows it, and before whoever
   * asked for it hears that it is done. Other programs' changes are found when somebody reads.
   *
   * @returns how to stop listening
   */
  onChange(listener: (change: KeyChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Applies a change and returns its result once the file that holds it is on the disk.
   *
   * Changes that arrive while one is being saved are saved together; each fails or succeeds alone.
   * `apply` runs again on the newer state when another program has written meanwhile, so it must
   * depend on nothing but the draft.
   *
   * @throws AppError ERR_KEYSTORE_*, or what `apply` throws
   */
  change<T>(apply: (draft: KeystoreDraft) => T | Promise<T>): Promise<T> {
    return this.#turns.change(apply);
  }

  /**
   * The file as it is, or as it would be written where its last good state is all there is.
   *
   * @throws AppError ERR_KEYSTORE_MISSING
   */
  async copy(): Promise<Uint8Array> {
    const { content, stored, fault } = await this.read();
    if (stored === undefined) throw this.#missing();
    const state = fault === undefined ? this.#options.file.read() : undefined;
    if (state?.identity === stored.identity) return state.bytes;
    return await encodePfx(content.pfx, stored.storeKeys);
  }

  /**
   * Puts `bytes` in the file's place, whatever is there.
   *
   * @param assertRestorable throws for a keystore that opens, but not as a whole
   * @returns what is in the file now, and where the file that was there is kept
   */
  restore(
    bytes: Uint8Array,
    assertRestorable: (open: OpenKeystore) => Promise<void>,
  ): Promise<{ open: OpenKeystore; keptAt: string | undefined }> {
    return this.#turns.inTurn(() =>
      this.#untilUndisturbed(async () => {
        const isGood = await this.#opens();
        const identity = this.#options.file.identity();
        const candidate = await this.#state.decode(bytes).catch((error) => {
          throw error instanceof AppError
            ? new AppError("ERR_RESTORE_REFUSED", error.message, { cause: error })
            : error;
        });
        await assertRestorable(candidate);
        const keptAt = await this.#options.file.supersede(bytes, identity, isGood);
        this.#saves++;
        this.#state.doubt();
        const open = await this.#state.now();
        await heard();
        return { open, keptAt };
      })
    );
  }

  /**
   * Encrypts the keystore with another password, which is kept where the present one is. Killed at
   * any moment, this leaves a keystore and a password that opens it. Generations, which would be
   * under the old password, are removed.
   *
   * @param newPassword undefined for systemd's credential or a random one
   * @throws AppError ERR_REKEY_REFUSED, ERR_KEYSTORE_MISSING
   */
  rekey(newPassword: Secret | undefined): Promise<StorePassword> {
    const { file, passwords } = this.#options;
    return this.#turns.inTurn(() =>
      this.#untilUndisturbed(async () => {
        const { content, stored } = await this.#settled();
        if (stored === undefined) throw this.#missing();
        const successor = await passwords.stage(stored.password, newPassword);
        const newKeys = this.#state.keys(successor.secret);
        const pfx = await rekeyContent(content, stored.storeKeys, newKeys);
        const pieces = await encodePfxPieces(pfx, newKeys);
        await this.#replace(pieces, stored.identity);
        this.#state.doubt();
        file.forgetGenerations();
        return await passwords.promote(successor);
      })
    );
  }

  async #replace(
    pieces: readonly Uint8Array[],
    expected: FileIdentity | undefined,
  ): Promise<FileStamp> {
    try {
      const stamp = await this.#options.file.replace(
        pieces,
        expected,
        (identity) => this.#state.expect(identity),
      );
      this.#saves++;
      return stamp;
    } catch (error) {
      // It may or may not have replaced the file.
      this.#state.doubt();
      throw error;
    }
  }

  #announce(changes: readonly KeyChange[]): void {
    const told: readonly KeyChange[] = changes.length > MAX_TOLD ? [{ type: "reloaded" }] : changes;
    for (const change of told) {
      for (const listener of this.#listeners) listener(change);
    }
  }

  async #opens(): Promise<boolean> {
    try {
      await this.#state.now();
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  /** What is in the file, and the password in its place: a rekeying may have been killed. */
  async #settled(): Promise<OpenKeystore> {
    const { passwords } = this.#options;
    const open = await this.#state.settled();
    if (open.stored === undefined) return open;
    if (!open.stored.password.isSuccessor) {
      if (!this.#tidied) await passwords.discardSuccessor(open.stored.password);
      this.#tidied = true;
      return open;
    }
    const password = await passwords.promote(open.stored.password);
    return this.#state.replaced({ ...open, stored: { ...open.stored, password } });
  }

  #missing(): AppError {
    return new AppError("ERR_KEYSTORE_MISSING", `there is no keystore ${this.path} yet`);
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    const applied: Change[] = [];
    const refused: [Change, unknown][] = [];
    await this.#untilUndisturbed(async () => {
      applied.length = refused.length = 0;
      const base = await this.#settled();
      const draft = new KeystoreDraft(base.content);
      for (const change of changes) {
        draft.begin();
        await change.apply(draft).then(
          () => applied.push(change),
          (reason) => {
            draft.rollBack();
            refused.push([change, reason]);
          },
        );
      }
      if (draft.changed) await this.#save(base, draft);
    });
    for (const change of applied) change.resolve();
    for (const [change, reason] of refused) change.reject(reason);
  }

  /** Repeats `work` for as long as another program changes the file under it. */
  async #untilUndisturbed<T>(work: () => Promise<T>): Promise<T> {
    for (let round = 0; round < MAX_COMMIT_ROUNDS; round++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof FileChangedError)) throw error;
      }
    }
    const text = `keystore ${this.path} is being written by another program all the time`;
    throw new AppError("ERR_KEYSTORE_IN_USE", text);
  }

  async #save(base: OpenKeystore, draft: KeystoreDraft): Promise<void> {
    const password = base.stored?.password ?? await this.#options.passwords.forNewKeystore();
    const storeKeys = base.stored?.storeKeys ?? this.#state.keys(password.secret);
    const { pfx, saved, changes } = await draft.finish(await this.#missingBags(base, storeKeys));
    const pieces = await encodePfxPieces(pfx, storeKeys);
    if (pieces.reduce((sum, { length }) => sum + length, 0) > MAX_FILE_BYTES) {
      const text = `keystore ${this.path} would grow beyond ${MAX_FILE_BYTES} bytes`;
      throw new AppError("ERR_KEYSTORE_UNSUPPORTED", text);
    }
    const stamp = await this.#replace(pieces, base.stored?.identity);
    this.#state.replaced({ content: saved(), stored: { ...stamp, password, storeKeys } });
    this.#announce(changes);
    // Another program needs longer than a fine clock's tick to read this and write something else.
    if (stamp.clockTickMs > LONG_TICK_MS) this.#state.doubt();
    await heard();
  }

  async #missingBags({ content }: OpenKeystore, storeKeys: PasswordKeys) {
    const { auditHost } = this.#options;
    if (auditHost === undefined || hasAuditEntry(content.pfx)) return [];
    return await newAuditBags(storeKeys, auditHost, systemClock());
  }
}

/** Whoever listens passes it on in this turn; nobody hears before that his change is done. */
async function heard(): Promise<void> {
  await setImmediate();
}
