import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions } from "./connection.ts";
import { followStream } from "./event_stream.ts";
import { isNext, type KeyEvent } from "./key_event.ts";

export interface EventFollowerListener {
  /** Whatever was known may be wrong: events have been missed, or will be. */
  readonly onGap: () => void;
  readonly onEvent: (event: KeyEvent) => void;
  readonly onHeartbeat: () => void;
  /** The stream has ended, or could not be had; the follower tries again by itself. */
  readonly onBroken: (error: unknown) => void;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;

/**
 * Follows a daemon's events for as long as it is wanted, over as many streams as it takes: each
 * goes on after the last event of the one before, or tells its listener that there is a gap.
 */
export class EventFollower {
  readonly #options: ConnectionOptions;
  readonly #listener: EventFollowerListener;
  readonly #stopping = new AbortController();
  #lastEventId: string | undefined;
  /** Whether the present stream has come to where events are told as they happen. */
  #isReady = false;
  #failures = 0;

  constructor(options: ConnectionOptions, listener: EventFollowerListener) {
    this.#options = options;
    this.#listener = listener;
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#followOnce();
      if (signal.aborted) return;
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures++, MAX_DELAY_MS);
      // Not all followers of a daemon that restarts at the same moment; and none of them keeps its
      // process alive.
      const jittered = delayMs * (0.5 + Math.random() / 2);
      await sleep(jittered, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  async #followOnce(): Promise<void> {
    if (this.#lastEventId === undefined) this.#listener.onGap();
    let isOpen = false;
    this.#isReady = false;
    const options = {
      ...this.#options,
      lastEventId: this.#lastEventId,
      stop: this.#stopping.signal,
      onOpen() {
        isOpen = true;
      },
    };
    const failure = await followStream(options, {
      onEvent: (event) => this.#receive(event),
      onHeartbeat: () => this.#listener.onHeartbeat(),
    }).catch((error: unknown) => error);
    // A daemon may be unable to repeat what it has promised to: then it must not be asked forever.
    if (isOpen && !this.#isReady) this.#lastEventId = undefined;
    this.#listener.onBroken(failure);
  }

  #receive(event: KeyEvent): void {
    const previous = this.#lastEventId;
    this.#lastEventId = event.id;
    if (previous !== undefined && !isNext(previous, event.id)) this.#listener.onGap();
    if (event.type === "ready") {
      this.#isReady = true;
      this.#failures = 0;
    }
    this.#listener.onEvent(event);
  }
}
