/** Refusals of one uid that are recorded each by itself, in each time between two flushes. */
const MAX_RECORDED = 60;

/** Those of all uids together: a user with a range of subordinate ones is many users. */
const MAX_RECORDED_OF_ALL = 600;

/** Uids that are told apart. */
const MAX_UIDS = 100;

/** Of those too many. */
const OTHERS = -1;

/** How often, by code. */
export type Counts = Record<string, number>;

export interface CountedRefusals {
  /** undefined for those that are not told apart, and where the kernel did not say */
  readonly uid: number | undefined;
  readonly counts: Counts;
}

/**
 * How often somebody has been refused. Whoever asks a thousand times a second must not be able to fill
 * the disk with records of it: from some point on he is only counted.
 */
export class RefusalCounts {
  readonly #recorded = new Map<number, number>();
  readonly #counts = new Map<number, Counts>();
  #recordedOfAll = 0;

  /** Counts it if not. */
  isToBeRecorded(uid: number | undefined, code: string): boolean {
    const id = this.#idOf(uid);
    const recorded = this.#recorded.get(id) ?? 0;
    this.#recorded.set(id, recorded + 1);
    if (recorded < MAX_RECORDED && this.#recordedOfAll < MAX_RECORDED_OF_ALL) {
      this.#recordedOfAll++;
      return true;
    }
    this.count(uid, { [code]: 1 });
    return false;
  }

  count(uid: number | undefined, counts: Counts): void {
    const id = this.#idOf(uid);
    const known = this.#counts.get(id) ?? {};
    add(known, counts);
    this.#counts.set(id, known);
  }

  /** What has only been counted; everybody begins anew. */
  take(): CountedRefusals[] {
    const taken = Array.from(this.#counts, ([id, counts]) => {
      return { uid: id === OTHERS ? undefined : id, counts };
    });
    this.#counts.clear();
    this.#recorded.clear();
    this.#recordedOfAll = 0;
    return taken;
  }

  #idOf(uid: number | undefined): number {
    if (uid === undefined) return OTHERS;
    return this.#recorded.has(uid) || this.#recorded.size < MAX_UIDS ? uid : OTHERS;
  }
}

export function add(counts: Counts, more: Readonly<Counts>): void {
  for (const [code, count] of Object.entries(more)) counts[code] = (counts[code] ?? 0) + count;
}
