import type { Instant } from "./instant.ts";
import { lastInstantUpTo, wallClockAt, wallClockUpTo } from "./wall_clock.ts";

/**
 * When a key stops working, as MetricsHub stores it: a date and time of the host's own zone.
 *
 * It stays text, in one normal form whose alphabetical order is that of time, because MetricsHub
 * compares it with `LocalDateTime.now()`: turning it into an instant would lose an hour that a
 * change to or from daylight-saving time skips or repeats.
 */
export interface Expiry {
  /** `2031-12-31T23:59:59`, with a fraction of up to nine digits where one is stored. */
  readonly expiresOn: string;
}

// java.time.LocalDateTime.parse (DateTimeFormatter.ISO_LOCAL_DATE_TIME) for the years 0000 to 9999.
const LOCAL_DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{0,9}))?)?$/i;

/** @returns undefined for what Java's `LocalDateTime.parse` refuses too. */
export function parseExpiry(text: string): Expiry | undefined {
  const [, year, month, day, hour, minute, second = "00", fraction = ""] =
    LOCAL_DATE_TIME.exec(text) ?? [];
  if (!year || !month || !day || !hour || !minute) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // 2023-02-30 rolls over into March instead of failing.
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return undefined;
  const digits = fraction.replace(/0+$/, "");
  const expiresOn = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  return { expiresOn: digits === "" ? expiresOn : `${expiresOn}.${digits}` };
}

/** Whether the host's wall clock has passed the expiry at `now`; at the expiry itself it has not. */
export function isExpired(expiry: Expiry, now: Instant): boolean {
  return wallClockAt(now) > expiry.expiresOn;
}

/**
 * The instant after which the key is expired for good, to the millisecond.
 *
 * In an hour that the clock repeats, a key is refused once the expiry has passed for the first time
 * and honoured anew when the clock goes back: this is the second time.
 */
export function expiryInstant(expiry: Expiry): Instant {
  return lastInstantUpTo(expiry.expiresOn);
}

/**
 * The latest expiry, to the second, that outlasts `instant` by nothing. Text cannot say which pass of
 * a repeated hour is meant, hence the rule: never longer than asked.
 *
 * - In the first pass, MetricsHub would honour the key again in the second one: the expiry is the
 *   last second before the repeated hour.
 * - In the second pass, the expiry is exact. MetricsHub refuses the key for a while in the first one:
 *   any earlier expiry would cost it more of its time, and any later one would outlast the instant.
 *
 * @returns undefined beyond the years 0000 to 9999, for which there is no text
 */
export function expiryUpTo(instant: Instant): Expiry | undefined {
  return parseExpiry(wallClockUpTo(instant));
}
