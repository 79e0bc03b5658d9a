import * as v from "valibot";
import { instant } from "./instant.ts";

export const KEYS_PATH = "/v1/keys";

export function keyPath(alias: string): string {
  return `${KEYS_PATH}/${encodeURIComponent(alias)}`;
}

/** A key as it is listed: everything but the key itself. */
export const keySchema = v.object({
  alias: v.string(),
  /** 20 asterisks and the last four characters. */
  maskedKey: v.string(),
  /** RFC 3339, UTC; null where the keystore does not say. */
  createdAt: instant,
  /** RFC 3339, UTC: the instant after which it is expired; null for a key that does not expire. */
  expiresAt: instant,
  /** The same by the wall clock of the keystore's host, as it is stored: `2031-12-31T23:59:59`. */
  expiresOn: v.nullable(v.string()),
  expired: v.boolean(),
  /** Whether the entry opens; MetricsHub stops its search for a key at one that does not. */
  readable: v.boolean(),
});

export const keyListSchema = v.object({ keys: v.array(keySchema) });

/** At most one of the three that say when the key expires; without any it does not. */
export const newKeySchema = v.strictObject({
  alias: v.string(),
  /** RFC 3339, in any zone. */
  expiresAt: v.exactOptional(v.string()),
  /** By the wall clock of the keystore's host: `2031-12-31T23:59:59`. */
  expiresOn: v.exactOptional(v.string()),
  /** From its creation on; a positive integer. */
  expiresInSeconds: v.exactOptional(v.number()),
});

/** The one answer that ever holds a key's secret. */
export const createdKeySchema = v.object({
  alias: v.string(),
  key: v.string(),
  createdAt: instant,
  /** Never later than asked for; see `keySchema`. */
  expiresAt: instant,
  expiresOn: v.nullable(v.string()),
});

export type Key = v.InferOutput<typeof keySchema>;
export type KeyList = v.InferOutput<typeof keyListSchema>;
export type NewKey = v.InferOutput<typeof newKeySchema>;
export type CreatedKey = v.InferOutput<typeof createdKeySchema>;
