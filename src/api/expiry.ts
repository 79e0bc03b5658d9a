import { AppError } from "../errors.ts";
import { parseExpiry } from "../model/expiry.ts";
import { parseOffsetDateTime } from "../model/offset_date_time.ts";
import type { WantedExpiry as WantedExpiryFields } from "../protocol/keys.ts";
import type { WantedExpiry } from "../service/expiry.ts";

/**
 * When a new key is to expire; undefined for never.
 *
 * @throws AppError ERR_INVALID_REQUEST
 */
export function parseWantedExpiry(fields: WantedExpiryFields): WantedExpiry | undefined {
  const { expiresAt, expiresOn, expiresInSeconds } = fields;
  const given = [expiresAt, expiresOn, expiresInSeconds].filter((value) => value !== undefined);
  if (given.length > 1) throw invalid("give one of expiresAt, expiresOn and expiresInSeconds");
  if (expiresAt !== undefined) return { expiresAt: parseExpiresAt(expiresAt) };
  if (expiresOn !== undefined) return { expiresOn: parseExpiresOn(expiresOn) };
  if (expiresInSeconds === undefined) return undefined;
  if (Number.isSafeInteger(expiresInSeconds) && expiresInSeconds > 0) return { expiresInSeconds };
  throw invalid("expiresInSeconds: expected a positive integer");
}

function parseExpiresAt(text: string) {
  const instant = parseOffsetDateTime(text);
  if (instant !== undefined) return instant;
  throw invalid("expiresAt: expected an instant such as 2031-12-31T23:59:59Z");
}

function parseExpiresOn(text: string) {
  const expiry = parseExpiry(text);
  if (expiry !== undefined) return expiry;
  throw invalid("expiresOn: expected a local date and time such as 2031-12-31T23:59:59");
}

function invalid(text: string): AppError {
  return new AppError("ERR_INVALID_REQUEST", text);
}
