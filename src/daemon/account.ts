import type { Allowance } from "../model/allowance.ts";
import { BURST_SECONDS } from "./allowances.ts";

/** What one uid has open, and what it may still ask for. */
export class Account {
  #requestsPerSecond: number;
  #most: number;
  readonly #nowMs: () => number;
  #left: number;
  #filledAtMs: number;
  connections = 0;

  constructor({ requestsPerSecond }: Allowance, nowMs: () => number) {
    this.#requestsPerSecond = requestsPerSecond;
    this.#nowMs = nowMs;
    this.#left = this.#most = requestsPerSecond * BURST_SECONDS;
    this.#filledAtMs = nowMs();
  }

  /** From now on this is what it may have. What is open stays open, and counts. */
  allow({ requestsPerSecond }: Allowance): void {
    this.#fill();
    this.#requestsPerSecond = requestsPerSecond;
    this.#most = requestsPerSecond * BURST_SECONDS;
    this.#left = Math.min(this.#left, this.#most);
    this.#filledAtMs = this.#nowMs();
  }

  /**
   * Takes of what has become due since the last time, a burst at the most. The clock is read only
   * when nothing is left, as that costs more than all else here; after a pause it may therefore be
   * two bursts.
   *
   * @param wanted in requests; what is more than a burst takes all of one
   * @returns false where that is too much, and nothing is taken
   */
  take(wanted: number): boolean {
    const cost = wanted < this.#most ? wanted : this.#most;
    if (this.#left < cost) this.#fill();
    if (this.#left < cost) return false;
    this.#left -= cost;
    return true;
  }

  /** Takes what is not there as well, up to a burst: for what has been done already. */
  charge(cost: number): void {
    this.#fill();
    this.#left = Math.max(this.#left - cost, -this.#most);
  }

  /** Whether it is as a new one would be. */
  get isUnused(): boolean {
    if (this.connections > 0) return false;
    this.#fill();
    return this.#left >= this.#most;
  }

  #fill(): void {
    if (this.#left === Infinity) return;
    const nowMs = this.#nowMs();
    const due = this.#requestsPerSecond * (nowMs - this.#filledAtMs) / 1_000;
    this.#filledAtMs = nowMs;
    this.#left = Math.min(this.#left + due, this.#most);
  }
}
