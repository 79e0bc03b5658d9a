import type { Clock } from "../model/instant.ts";
import { lookupAlias } from "../model/alias.ts";
import type { KeyDigest } from "../model/key_digest.ts";
import type { Verification } from "../protocol/verification.ts";
import { BoundedMap } from "./bounded_map.ts";
import type { KeyEvent } from "./key_event.ts";

export interface KeyMemoryOptions {
  /** For how long after the last sign of the daemon its answers count. */
  readonly maxSilenceMs: number;
  readonly maxKeys: number;
  readonly clock: Clock;
  /** Milliseconds since any fixed point, whatever becomes of the clock. */
  readonly elapsedMs: () => number;
}

/** Where memory stood when a question was asked. */
export type Revision = number;

interface KnownKey {
  readonly alias: string;
  readonly verification: Verification;
  /** From here on only the daemon decides. */
  readonly askFrom: number;
}

/** Keys that do not exist: a few, for clients that go on presenting the same one. */
const MAX_UNKNOWN_KEYS = 1_000;

/**
 * An expiry is a time by the wall clock of the daemon's host, which a change of daylight-saving time
 * moves by up to two hours against the instant of `expiresAt`. Near it the daemon decides.
 */
const EXPIRY_MARGIN_MS = 2 * 60 * 60 * 1_000;

/**
 * The daemon's answers by the digests of the keys, for as long as they cannot have changed: every
 * event takes away what it may concern, and a silence takes away all.
 *
 * What an answer says is older than its arrival. So one is kept only if from its question on the
 * events were flowing and none came: an answer that was on its way while its key was revoked
 * belongs to another revision.
 */
export class KeyMemory {
  readonly #options: KeyMemoryOptions;
  readonly #valid: BoundedMap<KeyDigest, KnownKey>;
  readonly #unknown = new BoundedMap<KeyDigest, Verification>(MAX_UNKNOWN_KEYS);
  #revision: Revision = 0;
  #isFollowing = false;
  #lastContactMs = -Infinity;

  constructor(options: KeyMemoryOptions) {
    this.#options = options;
    this.#valid = new BoundedMap(options.maxKeys);
  }

  /** Whether it may answer at this moment. */
  get isFresh(): boolean {
    return this.#options.elapsedMs() - this.#lastContactMs < this.#options.maxSilenceMs;
  }

  get revision(): Revision {
    return this.#revision;
  }

  find(digest: KeyDigest): Verification | undefined {
    if (!this.isFresh) return undefined;
    const known = this.#valid.get(digest);
    if (known === undefined) return this.#unknown.get(digest);
    const isDecided = known.askFrom === Infinity || this.#options.clock() < known.askFrom;
    return isDecided ? known.verification : undefined;
  }

  /** @param asked the revision at the moment when the question was asked */
  remember(digest: KeyDigest, verification: Verification, asked: Revision): void {
    if (!this.#isFollowing || asked !== this.#revision) return;
    const { valid, code, alias, expiresAt } = verification;
    const kept = Object.freeze({ ...verification });
    // An expired key is left to the daemon: the clock may be set back.
    if (!valid && code === "NOT_FOUND") this.#unknown.set(digest, kept);
    if (!valid || code !== "VALID" || alias === null) return;
    const askFrom = expiresAt === null ? Infinity : Date.parse(expiresAt) - EXPIRY_MARGIN_MS;
    this.#valid.set(digest, { alias: lookupAlias(alias), verification: kept, askFrom });
  }

  apply({ type, alias }: KeyEvent): void {
    this.#revision++;
    if (type === "ready") this.#isFollowing = true;
    else if (alias === undefined) this.forget();
    else this.#forgetAlias(lookupAlias(alias));
    this.noteContact();
  }

  /** Before `ready` a stream repeats the past: that it flows says nothing about the present. */
  noteContact(): void {
    if (this.#isFollowing) this.#lastContactMs = this.#options.elapsedMs();
  }

  /**
   * What is known goes on counting until the silence has become too long. What is being asked does
   * not: `ready` comes before anything is remembered again, and begins another revision.
   */
  noteBreak(): void {
    this.#isFollowing = false;
  }

  forget(): void {
    this.#revision++;
    this.#valid.clear();
    this.#unknown.clear();
  }

  #forgetAlias(alias: string): void {
    this.#valid.deleteWhere((known) => known.alias === alias);
    this.#unknown.clear();
  }
}
