import { Buffer } from "node:buffer";
import { request } from "node:http";
import { createParser } from "eventsource-parser";

export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly data: { readonly alias?: string; readonly at: string };
}

/** A daemon's events as they arrive. */
export interface EventStream extends Disposable {
  readonly status: number;
  readonly events: readonly ReceivedEvent[];
  readonly heartbeats: () => number;
  /** Everything that was received, as it was sent. */
  readonly text: () => string;
  /** Resolves with the events as soon as there are so many. */
  atLeast(count: number): Promise<readonly ReceivedEvent[]>;
  readonly ended: Promise<void>;
}

export function openEvents(
  socketPath: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const events: ReceivedEvent[] = [];
  let heartbeats = 0;
  let text = "";
  let wake = () => {};
  const parser = createParser({
    onEvent({ id, event, data }) {
      events.push({ id, type: event, data: JSON.parse(data) });
    },
    onComment: () => heartbeats++,
  });
  return new Promise((resolve, reject) => {
    const path = "/v1/events";
    const outgoing = request({ socketPath, path, headers, agent: false }, (response) => {
      response.on("data", (chunk: Buffer) => {
        text += chunk;
        parser.feed(chunk.toString());
        wake();
      });
      const ended = new Promise<void>((resolve) => response.once("close", resolve));
      resolve({
        status: response.statusCode ?? 0,
        events,
        heartbeats: () => heartbeats,
        text: () => text,
        ended,
        async atLeast(count) {
          while (events.length < count) await new Promise<void>((resolve) => wake = resolve);
          return events;
        },
        [Symbol.dispose]: () => void outgoing.destroy(),
      });
    });
    outgoing.on("error", reject).end();
  });
}
