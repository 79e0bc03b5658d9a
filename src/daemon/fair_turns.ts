/** Something that waits to be started. */
export interface Turn {
  readonly start: () => void;
  /** Whether nobody wants it any more. */
  readonly isGone: () => boolean;
}

/**
 * Starts what is asked for one at a time, and looks after everything else in between. Whoever asks
 * for much waits behind those who ask for little: they take turns.
 */
export class FairTurns<Asker> {
  readonly #waiting = new Map<Asker, Turn[]>();
  #isScheduled = false;

  wait(asker: Asker, turn: Turn): void {
    const waiting = this.#waiting.get(asker);
    if (waiting === undefined) this.#waiting.set(asker, [turn]);
    else waiting.push(turn);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    // Only so many turns of the event loop come with one round through its sockets: one.
    setImmediate(() => {
      this.#isScheduled = false;
      const turn = this.#next();
      this.#schedule();
      turn?.start();
    });
  }

  /** Those who have gone take up nobody's turn. */
  #next(): Turn | undefined {
    for (const [asker, waiting] of this.#waiting) {
      const turn = waiting.shift();
      // To the end of the line.
      this.#waiting.delete(asker);
      if (waiting.length > 0) this.#waiting.set(asker, waiting);
      if (turn?.isGone() === false) return turn;
    }
    return undefined;
  }
}
