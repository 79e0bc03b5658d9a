import { formatInstant } from "../model/instant.ts";
import {
  EVENT_TYPES,
  type EventData,
  eventDataSchema,
  EVENTS_PATH,
  HEARTBEAT_MS,
} from "../protocol/events.ts";
import type { ChangeFeed, FeedEvent } from "../service/change_feed.ts";
import { READING } from "./operation.ts";
import { type Route, route } from "./route.ts";

export function eventRoutes(feed: ChangeFeed): Route[] {
  return [route({
    method: "GET",
    path: EVENTS_PATH,
    access: "verifier",
    act: "events",
    recorded: "refusals",
    operationId: "followEvents",
    summary: "Follow what becomes of keys, as it happens",
    headers: {
      "Last-Event-ID":
        "Of the last event that was read: the stream goes on behind it, or begins with " +
        "`reloaded` where it cannot",
    },
    responses: {
      200: {
        description: "Server-sent events, and a comment in every second without one",
        mediaType: MEDIA_TYPE,
        events: { types: EVENT_TYPES, data: eventDataSchema },
      },
    },
    problems: READING,
    async respond({ header }) {
      await feed.assertReadable();
      const content = encodeEvents(feed, header("last-event-id"));
      return { status: 200, text: { mediaType: MEDIA_TYPE, content } };
    },
  })];
}

const MEDIA_TYPE = "text/event-stream";

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
