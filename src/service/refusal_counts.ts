/** Refusals of one uid that are recorded each by itself, in each time between two flushes. */
const MAX_RECORDED = 60;

/** Uids that are told apart; a user with a range of subordinate ones is many. */
const MAX_UIDS = 1_000;

/** Of those too many. */
const OTHERS = -1;

export interface CountedRefusals {
  /** undefined for those that are not told apart, and where the kernel did not say */
  readonly uid: number | undefined;
  /** By code. */
  readonly counts: Record<string, number>;
}

/**
 * How often somebody has been refused. Whoever asks a thousand times a second must not be able to fill
 * the disk with records of it: from some point on he is only counted.
 */
export class RefusalCounts {
  readonly #recorded = new Map<number, number>();
  readonly #counts = new Map<number, Record<string, number>>();

  /** Counts it if not. */
  isToBeRecorded(uid: number | undefined, code: string): boolean {
    const id = this.#idOf(uid);
    const recorded = this.#recorded.get(id) ?? 0;
    this.#recorded.set(id, recorded + 1);
    if (recorded < MAX_RECORDED) return true;
    const counts = this.#counts.get(id) ?? {};
    counts[code] = (counts[code] ?? 0) + 1;
    this.#counts.set(id, counts);
    return false;
  }

  /** What has only been counted; everybody begins anew. */
  take(): CountedRefusals[] {
    const taken = Array.from(this.#counts, ([id, counts]) => {
      return { uid: id === OTHERS ? undefined : id, counts };
    });
    this.#counts.clear();
    this.#recorded.clear();
    return taken;
  }

  #idOf(uid: number | undefined): number {
    if (uid === undefined) return OTHERS;
    return this.#recorded.has(uid) || this.#recorded.size < MAX_UIDS ? uid : OTHERS;
  }
}
