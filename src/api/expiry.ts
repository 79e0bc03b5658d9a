import type { Expiry } from "../model/expiry.ts";
import type { Instant } from "../model/instant.ts";
import type { WantedExpiry } from "../service/expiry.ts";

/** The fields of a request, of which one is there at the most. */
interface ExpiryFields {
  readonly expiresAt?: Instant;
  readonly expiresOn?: Expiry;
  readonly expiresInSeconds?: number;
}

/** When a new key is to expire; undefined for never. */
export function wantedExpiryOf(fields: ExpiryFields): WantedExpiry | undefined {
  const { expiresAt, expiresOn, expiresInSeconds } = fields;
  if (expiresAt !== undefined) return { expiresAt };
  if (expiresOn !== undefined) return { expiresOn };
  if (expiresInSeconds !== undefined) return { expiresInSeconds };
  return undefined;
}
