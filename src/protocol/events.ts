import * as v from "valibot";

/**
 * Server-sent events (WHATWG HTML, section 9.2): what becomes of keys, as it happens.
 *
 * The first event of a stream says where it begins: `ready`, or for a `Last-Event-ID` from which it
 * cannot go on, `reloaded`, after which whatever was known of keys may be wrong. Between events
 * there is a comment every {@link HEARTBEAT_MS}; a stream that is silent for longer is dead.
 */
export const EVENTS_PATH = "/v1/events";

export const HEARTBEAT_MS = 1_000;

export const EVENT_TYPES = ["ready", "created", "revoked", "changed", "reloaded"] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** The `data` of an event. */
export const eventDataSchema = v.object({
  /** undefined for what is about all keys */
  alias: v.optional(v.string()),
  /** RFC 3339, UTC. */
  at: v.pipe(v.string(), v.isoTimestamp()),
});

export type EventData = v.InferOutput<typeof eventDataSchema>;
