import type { EventSourceMessage } from "eventsource-parser";
import * as v from "valibot";
import { EVENT_TYPES, eventDataSchema, type EventType } from "../protocol/events.ts";
import { parseJson } from "./parse_json.ts";

/** What a daemon has to say about its keys. */
export interface KeyEvent {
  readonly type: EventType;
  /** undefined for what is about all keys */
  readonly alias: string | undefined;
  /** undefined where nothing can be resumed after this event */
  readonly id: string | undefined;
}

/** Anything that is not understood may be about all keys: it counts as `reloaded`. */
export function parseKeyEvent({ id, event, data }: EventSourceMessage): KeyEvent {
  const type = EVENT_TYPES.find((name) => name === event);
  const result = v.safeParse(eventDataSchema, parseJson(data));
  if (type === undefined || !result.success) return { type: "reloaded", alias: undefined, id };
  return { type, alias: result.output.alias, id };
}

/**
 * Whether nothing can have happened between events of these ids, `<epoch>.<number>`: a `ready` has
 * the number of the event before it, any other one the next.
 */
export function isNext(previous: string, id: string | undefined): boolean {
  const [before, after] = [parseId(previous), parseId(id ?? "")];
  if (before === undefined || after === undefined || before.epoch !== after.epoch) return false;
  const step = after.number - before.number;
  return step === 0 || step === 1;
}

function parseId(id: string): { readonly epoch: string; readonly number: number } | undefined {
  const [, epoch, number] = /^([^.]+)\.(\d{1,15})$/.exec(id) ?? [];
  return epoch === undefined ? undefined : { epoch, number: Number(number) };
}
