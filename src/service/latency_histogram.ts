/** Upper bounds in milliseconds: from a look into memory to a keystore that has to be opened. */
const BOUNDS_MS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 25, 100, 500, 2_500];

/** How long something took, counted in a few nanoseconds. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  observe(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += ms;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** How many took at most so long, for each bound. */
  buckets(): { readonly boundMs: number; readonly count: number }[] {
    let count = 0;
    return BOUNDS_MS.map((boundMs, index) => ({
      boundMs,
      count: count += this.#counts[index] ?? 0,
    }));
  }
}
