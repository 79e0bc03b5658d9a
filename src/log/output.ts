import { setTimeout as sleep } from "node:timers/promises";
import { systemErrorCode } from "../errors.ts";

export interface LogOutputOptions {
  /**
   * Writes what there is room for.
   *
   * @returns how many octets that were
   * @throws the system's error
   */
  readonly write: (octets: Uint8Array) => number;
  /** Whether there is room for {@link MAX_PIECE} octets, so that writing them does not wait. */
  readonly hasRoom: () => boolean;
  /** Says, in lines, that so many records are missing. */
  readonly describeLeftOut: (leftOut: number) => string;
}

/** What a pipe takes at once if it takes anything: Linux's PIPE_BUF. */
const MAX_PIECE = 4_096;

/** What waits for a reader that is slow, or none at all. */
const MAX_WAITING_OCTETS = 256 * 1_024;
const RETRY_MS = 50;

/** How long the end waits for a reader. */
const CLOSE_MS = 500;

/**
 * Where a log goes: at once, or as soon as there is room. Nobody waits for a reader that does not read:
 * records too many are left out, and their number is told. Where nobody can ever read again, nothing is
 * said any more.
 */
export class LogOutput {
  readonly #options: LogOutputOptions;
  /** Whole records but for the first, of which a part may have been written. */
  readonly #waiting: Uint8Array[] = [];
  #waitingOctets = 0;
  #leftOut = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LogOutputOptions) {
    this.#options = options;
  }

  /** @param lines of one record, each with its end */
  write(lines: string): void {
    if (this.#waitingOctets > MAX_WAITING_OCTETS && !this.#writeWaiting()) {
      this.#leftOut++;
      return;
    }
    if (this.#leftOut > 0) this.#enqueue(this.#options.describeLeftOut(this.#leftOut));
    this.#leftOut = 0;
    this.#enqueue(lines);
    this.#flush();
  }

  /** Waits a moment for what has not been written yet. */
  async close(): Promise<void> {
    const until = performance.now() + CLOSE_MS;
    while (!this.#writeWaiting() && performance.now() < until) await sleep(RETRY_MS);
    clearTimeout(this.#retry);
  }

  #enqueue(lines: string): void {
    const octets = Buffer.from(lines, "utf8");
    this.#waiting.push(octets);
    this.#waitingOctets += octets.length;
  }

  #flush(): void {
    if (this.#writeWaiting() || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, RETRY_MS);
    this.#retry.unref();
  }

  /** @returns whether nothing waits any more */
  #writeWaiting(): boolean {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const written = this.#writePart(first);
      if (written === 0) return false;
      this.#waitingOctets -= written;
      if (written === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(written);
    }
    return true;
  }

  /** What can never be written counts as written. */
  #writePart(record: Uint8Array): number {
    const { hasRoom, write } = this.#options;
    try {
      return hasRoom() ? write(record.subarray(0, MAX_PIECE)) : 0;
    } catch (error) {
      return systemErrorCode(error) === "EAGAIN" ? 0 : record.length;
    }
  }
}
