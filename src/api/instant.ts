import { type Expiry, expiryInstant } from "../model/expiry.ts";
import { formatInstant, type Instant } from "../model/instant.ts";

/** An instant as the protocol has it. */
export function instantOrNull(instant: Instant | undefined): string | null {
  if (instant === undefined) return null;
  const text = formatInstant(instant);
  // RFC 3339 has four digits for a year; before 0000 and after 9999 there is nothing to say.
  return /^\d{4}-/.test(text) ? text : null;
}

export function expiresAt(expiry: Expiry | undefined): string | null {
  return instantOrNull(expiry && expiryInstant(expiry));
}
