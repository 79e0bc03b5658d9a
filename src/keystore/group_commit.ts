import type { KeystoreDraft } from "./keystore_draft.ts";
import type { WriterLock } from "./writer_lock.ts";

/** Something to be done to a draft, and who waits for it. */
export interface Change {
  readonly apply: (draft: KeystoreDraft) => Promise<void>;
  /** Once what was applied is on the disk. */
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Settles every one of the changes. Throws where none of them could be made. */
export type Commit = (changes: readonly Change[]) => Promise<void>;

/**
 * Gives each writer its turn: one at a time here, and by the lock one among all processes. Changes
 * that arrive while another turn is under way share the next one.
 */
export class GroupCommit {
  readonly #lock: WriterLock;
  readonly #commit: Commit;
  #waiting: Change[] = [];
  /** Settles when the last of all that want to write has its turn behind it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(lock: WriterLock, commit: Commit) {
    this.#lock = lock;
    this.#commit = commit;
  }

  /** @returns what `apply` returned, once it is on the disk; @throws what it threw */
  change<T>(apply: (draft: KeystoreDraft) => T | Promise<T>): Promise<T> {
    let result: T;
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({
        apply: async (draft) => void (result = await apply(draft)),
        resolve,
        reject,
      });
    });
    if (this.#waiting.length === 1) void this.#commitWaiting();
    return done.then(() => result);
  }

  /** Runs `work` as the one writer of the file. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => this.#lock.run(work));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #commitWaiting(): Promise<void> {
    try {
      await this.inTurn(async () => {
        const changes = this.#waiting;
        this.#waiting = [];
        await this.#commit(changes).catch((error) => rejectAll(changes, error));
      });
    } catch (error) {
      // Their turn never came.
      rejectAll(this.#waiting.splice(0), error);
    }
  }
}

function rejectAll(changes: readonly Change[], error: unknown): void {
  for (const change of changes) change.reject(error);
}
