import type { Instant } from "./instant.ts";

/*
 * The wall clock of this host: what `LocalDateTime.now()` reads in a Java program here.
 *
 * All of it rests on `Date`. `Temporal` has words for the same, but takes the zone by its name, and
 * where TZ is none (`GMT+5`, a path, empty) it means another zone than `Date` does, or throws.
 */
const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

/** `2031-12-31T23:59:59`, with a fraction of up to three digits where there is one. */
export function wallClockAt(instant: Instant): string {
  const date = new Date(instant);
  const two = (value: number) => String(value).padStart(2, "0");
  const year = String(date.getFullYear()).padStart(4, "0");
  const day = `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const fraction = String(date.getMilliseconds() / SECOND_MS).slice(1);
  return `${day}T${time}${fraction}`;
}

/**
 * The last instant at which the clock shows `wall` or less, to the millisecond: the later one where
 * the clock shows it twice, the change of the clock where that skips it.
 */
export function lastInstantUpTo(wall: string): Instant {
  const instant = new Date(wall.slice(0, 23)).getTime();
  // ECMAScript takes the first of two, and goes on as before the change for a time that is skipped.
  const repeated = offsetMs(instant) - offsetMs(instant + DAY_MS);
  const again = instant + repeated as Instant;
  if (repeated > 0 && wallClockAt(again) === wallClockAt(instant as Instant)) return again;
  const skipped = offsetMs(instant) - offsetMs(instant - DAY_MS);
  const before = instant - skipped as Instant;
  const isSkipped = skipped > 0 && wallClockAt(instant as Instant) > wall;
  return isSkipped ? changeBetween(before, instant as Instant) : instant as Instant;
}

/**
 * The latest time, to the second, that the clock shows by `instant` and exceeds ever after. Where the
 * clock is yet to repeat what it shows, that is the last second before the repeated ones.
 */
export function wallClockUpTo(instant: Instant): string {
  const second = Math.floor(instant / SECOND_MS) * SECOND_MS as Instant;
  const wall = wallClockAt(second);
  const last = lastInstantUpTo(wall);
  if (last <= second) return wall;
  const repeated = offsetMs(second) - offsetMs(last);
  return wallClockAt(changeBetween(second, last) - repeated - SECOND_MS as Instant);
}

/** The second at which the clock is changed; it is changed once between the two. */
function changeBetween(before: Instant, after: Instant): Instant {
  let [low, high] = [Math.floor(before / SECOND_MS), Math.floor(after / SECOND_MS)];
  const changed = offsetMs(after);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(middle * SECOND_MS) === changed) high = middle;
    else low = middle;
  }
  return high * SECOND_MS as Instant;
}

/** How far the wall clock is ahead of UTC. */
function offsetMs(epochMs: number): number {
  return -new Date(epochMs).getTimezoneOffset() * 60 * SECOND_MS;
}
