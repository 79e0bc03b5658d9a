import { randomBytes } from "node:crypto";
import { AppError } from "../errors.ts";
import type { Alias } from "../model/alias.ts";
import type { Clock, Instant } from "../model/instant.ts";
import type { KeyChange } from "../keystore/key_change.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { Follower } from "./follower.ts";

/** Something that has happened, or where a feed stands. */
export interface FeedEvent {
  /** Names this event of this process; a follower that comes back tells the last one it has seen. */
  readonly id: string;
  readonly type: KeyChange["type"] | "ready";
  /** undefined for what is about all keys */
  readonly alias: Alias | undefined;
  readonly at: Instant;
}

export interface ChangeFeedDependencies {
  readonly keystore: Keystore;
  readonly clock: Clock;
  /** Takes a defect; nobody waits for the feed to look at the file. */
  readonly log: (error: unknown) => void;
}

/** How many events a follower may miss and still go on where it was. */
const KEPT_EVENTS = 4_096;

/** How often to look whether another program has written the file, while somebody follows. */
const LOOK_EVERY_MS = 20;

/** What becomes of keys, told to whoever follows, from the moment on from which it counts. */
export class ChangeFeed {
  readonly #dependencies: ChangeFeedDependencies;
  readonly #epoch = randomBytes(8).toString("hex");
  readonly #followers = new Set<Follower<FeedEvent>>();
  #kept: FeedEvent[] = [];
  #sequence = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(dependencies: ChangeFeedDependencies) {
    this.#dependencies = dependencies;
    dependencies.keystore.onChange((change) => this.#publish(change));
  }

  /**
   * Whether there is anything to follow.
   *
   * @throws AppError ERR_KEYSTORE_*
   */
  async assertReadable(): Promise<void> {
    await this.#dependencies.keystore.read();
  }

  get followers(): number {
    return this.#followers.size;
  }

  /**
   * Everything from now on, or from the event after `lastEventId`. It begins with what was missed
   * and `ready`; where that is not known any more, with `reloaded` and `ready`.
   *
   * @returns undefined in place of an event, every `heartbeatMs`, as long as there is none; it ends
   *   for a follower that does not keep up, and when the feed is closed
   * @throws AppError ERR_KEYSTORE_*
   */
  async *follow(
    lastEventId: string | undefined,
    heartbeatMs: number,
  ): AsyncGenerator<FeedEvent | undefined, void> {
    const follower = new Follower<FeedEvent>(KEPT_EVENTS);
    try {
      await this.#dependencies.keystore.read();
      for (const event of this.#beginning(lastEventId)) follower.push(event);
      this.#followers.add(follower);
      this.#look();
      for (;;) {
        const event = await follower.next(heartbeatMs);
        if (event === "ended") return;
        yield event === "silence" ? undefined : event;
      }
    } finally {
      this.#followers.delete(follower);
      this.#look();
    }
  }

  /** Ends what everybody follows. */
  close(): void {
    for (const follower of this.#followers) follower.end();
  }

  #beginning(lastEventId: string | undefined): FeedEvent[] {
    const ready = this.#event("ready");
    if (lastEventId === undefined) return [ready];
    const missed = this.#missedSince(lastEventId);
    return missed === undefined ? [this.#event("reloaded"), ready] : [...missed, ready];
  }

  /** @returns undefined where that is not known */
  #missedSince(id: string): FeedEvent[] | undefined {
    const [epoch, number = ""] = id.split(".", 2);
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(number)) return undefined;
    const count = this.#sequence - Number(number);
    // With `ready` behind them they must not be more than a follower can fall behind.
    return count >= 0 && count < KEPT_EVENTS && count <= this.#kept.length
      ? this.#kept.slice(this.#kept.length - count)
      : undefined;
  }

  #publish(change: KeyChange): void {
    this.#sequence++;
    const event = this.#event(change.type, "alias" in change ? change.alias : undefined);
    this.#kept.push(event);
    // Twice as many at times, so that not every event moves all the others.
    if (this.#kept.length > 2 * KEPT_EVENTS) this.#kept = this.#kept.slice(-KEPT_EVENTS);
    for (const follower of this.#followers) {
      follower.push(event);
      if (follower.isEnded) this.#followers.delete(follower);
    }
  }

  #event(type: FeedEvent["type"], alias?: Alias): FeedEvent {
    const id = `${this.#epoch}.${this.#sequence}`;
    return { id, type, alias, at: this.#dependencies.clock() };
  }

  /** A file is looked at when somebody asks for a key; followers ask for none. */
  #look(): void {
    const { keystore, log } = this.#dependencies;
    // A keystore that does not open is told to whoever asks for a key.
    const ignoreState = (error: unknown) => error instanceof AppError || log(error);
    if (this.#followers.size === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
    } else {
      this.#looking ??= setInterval(() => void keystore.read().catch(ignoreState), LOOK_EVERY_MS);
    }
  }
}
