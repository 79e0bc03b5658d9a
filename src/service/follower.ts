/** What waits for one who takes events one by one. */
export class Follower<Event> {
  readonly #maxWaiting: number;
  readonly #waiting: Event[] = [];
  #wake: (() => void) | undefined;
  #isEnded = false;

  /** @param maxWaiting how far a slow one may fall behind before it is cut off */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  push(event: Event): void {
    if (this.#waiting.length >= this.#maxWaiting) this.end();
    if (this.#isEnded) return;
    this.#waiting.push(event);
    this.#wake?.();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What is waiting is not delivered any more. */
  end(): void {
    this.#isEnded = true;
    this.#waiting.length = 0;
    this.#wake?.();
  }

  /** The next event; `silence` where none comes for so long. */
  async next(silenceMs: number): Promise<Event | "silence" | "ended"> {
    if (this.#waiting.length === 0 && !this.#isEnded) await this.#sleep(silenceMs);
    if (this.#isEnded) return "ended";
    return this.#waiting.shift() ?? "silence";
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
