import { AppError } from "../errors.ts";
import type { AuditHead } from "../model/audit_head.ts";
import type { AuditFacts } from "../model/audit_record.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import type { AuditTrail } from "../audit/trail.ts";
import type { AuditIdentity } from "../keystore/audit_entry.ts";
import { type AskedAct, clip, digestOf, factsOf, peerOf, reasonOf } from "./audit_facts.ts";
import { add, RefusalCounts } from "./refusal_counts.ts";

/** What has been done. */
export interface DoneAct {
  readonly aliases?: readonly string[] | undefined;
  /** A key that was made: by a digest of it the record can be found again. */
  readonly key?: string | undefined;
  /** What has been changed. */
  readonly changes?: readonly string[] | undefined;
}

/** A key that was not valid for somebody. */
export interface FailedVerification {
  readonly reason: string;
  readonly alias: string | undefined;
  readonly key: string;
  readonly clientAddress: string | undefined;
  readonly peer: PeerCredentials | undefined;
}

/** Where the record is, and what it is checked with. */
export interface AuditState {
  /** A path, or `journal`. */
  readonly log: string;
  readonly head: AuditHead;
  /** In DER; undefined as long as nothing has been signed. */
  readonly certificate: Uint8Array | undefined;
}

/** The record of who has done what to keys. */
export interface Audit {
  /** Where it is: a path, or `journal`; undefined for none. */
  readonly log: string | undefined;
  /**
   * Records that something is asked for, does it, and records what has become of it.
   *
   * @throws AppError ERR_AUDIT, and then nothing has been done; or what `work` throws
   */
  perform<T>(asked: AskedAct, work: () => Promise<{ result: T; done: DoneAct }>): Promise<T>;
  /** Records that somebody may not do what he asked for, or asked for what makes no sense. */
  refuse(asked: AskedAct, error: unknown): Promise<void>;
  /** Counts; a few are recorded. */
  noteFailure(failure: FailedVerification): void;
  /** @throws AppError ERR_KEYSTORE_*, ERR_AUDIT */
  state(): Promise<AuditState | undefined>;
  /** What records have in a key's place; undefined where no record can have it. */
  digest(key: string): Promise<string | undefined>;
  /** Records what has only been counted so far. */
  flush(): Promise<void>;
  /** Records what this process has done by itself. */
  note(act: string): Promise<void>;
}

export interface AuditServiceDependencies {
  readonly trail: AuditTrail;
  /** @throws AppError ERR_KEYSTORE_* */
  readonly identity: () => Promise<AuditIdentity | undefined>;
  /** Runs what writes, as the only one of all processes. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /**
   * Whether the caller is this process itself, which may do what the system lets it: whoever is
   * refused here could not write the record either.
   */
  readonly isOwnProcess: boolean;
  readonly self: Pick<AskedAct, "peer" | "peerProcess">;
  /** Takes what could not be recorded, and that keeps nobody from anything. */
  readonly complain: (error: AppError) => void;
}

/** Failed verifications that are recorded, in each time between two flushes. */
const MAX_SAMPLES = 10;

/** Of one record: whoever goes on with a log looks for its last line in the last 64 KiB. */
const MAX_ALIASES = 32;

export class AuditService implements Audit {
  readonly #dependencies: AuditServiceDependencies;
  readonly #refusals = new RefusalCounts();
  #failures: Record<string, number> = {};
  #samplesLeft = MAX_SAMPLES;
  #digestKey: Uint8Array | undefined;
  /** Acts whose end could not be recorded yet. */
  #unrecorded: AuditFacts[] = [];
  #isFailing = false;
  #underWay = 0;
  #recordingLate: Promise<void> | undefined;

  constructor(dependencies: AuditServiceDependencies) {
    this.#dependencies = dependencies;
  }

  get log(): string {
    return this.#dependencies.trail.name;
  }

  perform<T>(asked: AskedAct, work: () => Promise<{ result: T; done: DoneAct }>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#recordLate();
      const facts = factsOf(asked);
      const of = await this.#append({ ...facts, outcome: "asked" }, true);
      const { result, done } = await work().catch(async (error) => {
        // Whoever is told why the act failed need not hear that the log fails, too.
        await this.#recordEnd({ ...facts, ...reasonOf(error), of }, { isToBeTold: false });
        throw error;
      });
      for (const part of await this.#describe(done)) {
        await this.#recordEnd({ ...facts, outcome: "done", ...part, of }, { isToBeTold: true });
      }
      return result;
    });
  }

  async refuse(asked: AskedAct, error: unknown): Promise<void> {
    const reason = reasonOf(error);
    if (this.#dependencies.isOwnProcess && reason.reason === "ERR_FORBIDDEN") return;
    if (!this.#refusals.isToBeRecorded(asked.peer?.uid, reason.reason)) return;
    const facts = { ...factsOf(asked), ...reason };
    const record = () => this.#inTurn(() => this.#append(facts, false));
    const isRecorded = await this.#unlessImpossible(record, !this.#dependencies.isOwnProcess);
    if (!isRecorded) this.#refusals.count(asked.peer?.uid, { [reason.reason]: 1 });
  }

  noteFailure({ reason, alias, key, clientAddress, peer }: FailedVerification): void {
    // The lock is another process's, perhaps, and whoever asks knows the answer.
    if (this.#dependencies.isOwnProcess) return;
    this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
    if (this.#samplesLeft === 0) return;
    this.#samplesLeft--;
    const asked = { act: "verify", peer, peerProcess: () => undefined, alias };
    const digest = this.#digestKey && digestOf(this.#digestKey, key);
    const sample: AuditFacts = {
      ...factsOf(asked),
      outcome: "refused",
      reason,
      ...(digest === undefined ? {} : { key: digest }),
      ...(clientAddress === undefined ? {} : { clientAddress: clip(clientAddress) }),
    };
    void this.#unlessImpossible(() => this.#append(sample, false));
  }

  async state(): Promise<AuditState> {
    const { trail, identity } = this.#dependencies;
    const certificate = (await identity())?.certificate;
    const { sequence, hash } = trail.head();
    return { log: trail.name, head: { sequence, hash }, certificate };
  }

  async digest(key: string): Promise<string | undefined> {
    this.#digestKey = (await this.#dependencies.identity())?.digestKey;
    return this.#digestKey && digestOf(this.#digestKey, key);
  }

  async flush(): Promise<void> {
    this.#samplesLeft = MAX_SAMPLES;
    // So that what fails next can be recognised.
    await this.#unlessImpossible(() => this.digest(""), false);
    for (const { uid, counts } of this.#refusals.take()) {
      const peer = uid === undefined ? null : peerOf(uid);
      const isRecorded = await this.#recordCounts({ act: "refusals", peer, counts });
      if (!isRecorded) this.#refusals.count(uid, counts);
    }
    const failures = this.#failures;
    this.#failures = {};
    if (Object.keys(failures).length === 0) return;
    const isRecorded = await this.#recordCounts({ act: "verify", peer: null, counts: failures });
    if (!isRecorded) add(this.#failures, failures);
  }

  #recordCounts(facts: Pick<AuditFacts, "act" | "peer" | "counts">): Promise<boolean> {
    return this.#unlessImpossible(async () => {
      await this.#recordLate();
      await this.#append({ ...facts, outcome: "counted" }, false);
    });
  }

  async note(act: string): Promise<void> {
    const facts = factsOf({ act, alias: undefined, ...this.#dependencies.self });
    await this.#recordEnd({ ...facts, outcome: "done" }, { isToBeTold: true });
  }

  /** As long as one act is under way no other process writes. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { trail, inTurn, isOwnProcess } = this.#dependencies;
    return inTurn(async () => {
      if (this.#underWay++ === 0 && isOwnProcess) trail.forget();
      try {
        return await work();
      } finally {
        this.#underWay--;
      }
    });
  }

  #append(facts: AuditFacts, isDurable: boolean): Promise<number> {
    return this.#dependencies.trail.append(facts, { isDurable });
  }

  /** What has been done stays done; that it was asked for has been recorded. */
  async #recordEnd(facts: AuditFacts, { isToBeTold }: { isToBeTold: boolean }): Promise<void> {
    const isTold = isToBeTold || !this.#dependencies.isOwnProcess;
    const isRecorded = await this.#unlessImpossible(() => this.#append(facts, false), isTold);
    if (!isRecorded) this.#unrecorded.push(facts);
  }

  /** Nothing else is done before that; acts that are asked for together wait for it together. */
  #recordLate(): Promise<void> {
    return this.#recordingLate ??= this.#recordEach().finally(() => {
      this.#recordingLate = undefined;
    });
  }

  async #recordEach(): Promise<void> {
    for (let late = this.#unrecorded[0]; late !== undefined; late = this.#unrecorded[0]) {
      await this.#append(late, false);
      this.#unrecorded.shift();
    }
  }

  async #unlessImpossible(record: () => Promise<unknown>, isToBeTold = true): Promise<boolean> {
    try {
      await record();
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (!this.#isFailing && isToBeTold) this.#dependencies.complain(error);
      this.#isFailing = true;
      return false;
    }
  }

  /** In as many records as it takes, each with no more aliases than fit. */
  async #describe({ aliases, key, changes }: DoneAct): Promise<Partial<AuditFacts>[]> {
    const digest = key === undefined ? undefined : await this.digest(key).catch(unlessDefect);
    const facts = {
      ...(digest === undefined ? {} : { key: digest }),
      ...(changes === undefined ? {} : { changes: [...changes] }),
    };
    if (aliases === undefined) return [facts];
    const count = Math.max(1, Math.ceil(aliases.length / MAX_ALIASES));
    return Array.from({ length: count }, (_, index) => {
      const part = aliases.slice(index * MAX_ALIASES, (index + 1) * MAX_ALIASES);
      return { ...facts, aliases: part.map(clip) };
    });
  }
}

/** A host on which nobody keeps a record. */
export const NO_AUDIT: Audit = {
  log: undefined,
  async perform(_asked, work) {
    return (await work()).result;
  },
  refuse: () => Promise.resolve(),
  noteFailure: () => undefined,
  state: () => Promise.resolve(undefined),
  digest: () => Promise.resolve(undefined),
  flush: () => Promise.resolve(),
  note: () => Promise.resolve(),
};

function unlessDefect(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}
