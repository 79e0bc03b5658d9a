import { AppError } from "../errors.ts";
import { type Expiry, expiryUpTo, isExpired } from "../model/expiry.ts";
import { type Instant, parseEpochMs } from "../model/instant.ts";

/** When a new key is to expire. */
export type WantedExpiry =
  /** by the host's wall clock, stored as it is */
  | { readonly expiresOn: Expiry }
  /** in whole seconds */
  | { readonly expiresAt: Instant }
  | { readonly expiresInSeconds: number };

const PAST = "Expiration date time must be in the future";

/**
 * The expiry to store for a key that is created `now`.
 *
 * @throws AppError ERR_EXPIRY_PAST for one at which the key would be expired from the start
 * @throws AppError ERR_INVALID_REQUEST for one after the year 9999
 */
export function chooseExpiry(wanted: WantedExpiry, now: Instant): Expiry {
  if ("expiresOn" in wanted) return assertAhead(wanted.expiresOn, now, PAST);
  const instant = "expiresAt" in wanted ? wanted.expiresAt : after(now, wanted.expiresInSeconds);
  if (instant < now) throw new AppError("ERR_EXPIRY_PAST", PAST);
  const expiry = expiryUpTo(instant);
  if (expiry === undefined) throw tooLate();
  const text = `${PAST} by this host's clock too, which is set back before then: give a later one`;
  return assertAhead(expiry, now, text);
}

function after(now: Instant, seconds: number): Instant {
  // To whole seconds here already: rounding must not turn the shortest durations into the past.
  const instant = parseEpochMs(Math.floor(now / 1000 + seconds) * 1000);
  if (instant === undefined) throw tooLate();
  return instant;
}

function assertAhead(expiry: Expiry, now: Instant, text: string): Expiry {
  if (isExpired(expiry, now)) throw new AppError("ERR_EXPIRY_PAST", text);
  return expiry;
}

function tooLate(): AppError {
  return new AppError("ERR_INVALID_REQUEST", "an expiry after the year 9999 cannot be stored");
}
