import type { Instant } from "./instant.ts";

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
const LOCAL_DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{0,9}))?)?$/;

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

/** Whether the host's wall clock has passed the expiry at `now`. */
export function isExpired(expiry: Expiry, now: Instant): boolean {
  return localDateTime(now) > expiry.expiresOn;
}

/** The instant at which the host's wall clock shows the expiry, to the millisecond. */
export function expiryInstant(expiry: Expiry): Instant {
  return new Date(expiry.expiresOn.slice(0, 23)).getTime() as Instant;
}

function localDateTime(now: Instant): string {
  const date = new Date(now);
  const two = (value: number) => String(value).padStart(2, "0");
  const year = String(date.getFullYear()).padStart(4, "0");
  const day = `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
