import { formatInstant } from "../model/instant.ts";
import { type EventData, EVENTS_PATH, HEARTBEAT_MS } from "../protocol/events.ts";
import type { ChangeFeed, FeedEvent } from "../service/change_feed.ts";
import type { Route } from "./route.ts";

export function eventRoutes(feed: ChangeFeed): Route[] {
  return [{
    method: "GET",
    path: EVENTS_PATH,
    access: "verifier",
    act: "events",
    recorded: "refusals",
    async respond({ header }) {
      await feed.assertReadable();
      const content = encodeEvents(feed, header("last-event-id"));
      return { status: 200, text: { mediaType: "text/event-stream", content } };
    },
  }];
}

/** WHATWG HTML, section 9.2: an event in three lines, a heartbeat as a comment. */
async function* encodeEvents(feed: ChangeFeed, lastEventId: string | undefined) {
  for await (const event of feed.follow(lastEventId, HEARTBEAT_MS)) {
    yield event === undefined ? ":\n\n" : encodeEvent(event);
  }
}

function encodeEvent({ id, type, alias, at }: FeedEvent): string {
  const data: EventData = { ...(alias === undefined ? {} : { alias }), at: formatInstant(at) };
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
