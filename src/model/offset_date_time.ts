import { parseExpiry } from "./expiry.ts";
import { type Instant, parseEpochMs } from "./instant.ts";

const OFFSET_DATE_TIME = /^(.+?)(?:(z)|([+-]\d\d)(?::?(\d\d))?)$/i;

/**
 * The instant of an ISO 8601 date and time with `Z` or an offset (RFC 3339, and without seconds too),
 * rounded down to a whole second.
 *
 * @returns undefined for anything else, and for years that have no four digits in UTC
 */
export function parseOffsetDateTime(text: string): Instant | undefined {
  const [, local = "", utc, hours, minutes = "00"] = OFFSET_DATE_TIME.exec(text) ?? [];
  const wall = parseExpiry(local)?.expiresOn.slice(0, 19);
  if (wall === undefined) return undefined;
  const epochMs = Date.parse(`${wall}${utc === undefined ? `${hours}:${minutes}` : "Z"}`);
  const year = new Date(epochMs).getUTCFullYear();
  return year >= 0 && year <= 9999 ? parseEpochMs(epochMs) : undefined;
}
