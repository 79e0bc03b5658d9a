import * as v from "valibot";
import { count } from "./count.ts";
import { instant } from "./instant.ts";
import {
  describedAs,
  EXPECTED_ONE_EXPIRY,
  graceSeconds,
  hasOneExpiry,
  networks,
  newAlias,
  ONE_EXPIRY,
  owner,
  scopes,
  wantedExpiry,
} from "./key_fields.ts";

export const KEYS_PATH = "/v1/keys";

export const DEFAULT_GRACE_SECONDS = 24 * 60 * 60;

export function rotationPath(alias: string): string {
  return `${keyPath(alias)}/rotate`;
}

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
  /** Whether everybody refuses it until it is enabled again. */
  disabled: v.optional(v.boolean(), false),
  description: v.optional(v.nullable(v.string()), null),
  owner: v.optional(v.nullable(v.string()), null),
  /** What it may be used for; anything if there is none. */
  scopes: v.optional(v.array(v.string()), []),
  /** From where it may be used, in CIDR notation; from anywhere if there is none. */
  networks: v.optional(v.array(v.string()), []),
  /** Whether all that restricts it is understood; if not, it is refused. */
  supported: v.optional(v.boolean(), true),
  /** Of a key that has been rotated and still counts: the alias that has another one now. */
  replacedBy: v.optional(v.nullable(v.string()), null),
  /** When it was last valid for somebody who asked; null for never, as far as anybody knows. */
  lastUsedAt: v.optional(instant, null),
  /** How often. */
  uses: v.optional(count, 0),
});

export const keyListSchema = v.object({ keys: v.array(keySchema) });

/** Without an expiry the key does not expire. */
export const newKeySchema = v.pipe(
  v.strictObject({
    alias: newAlias,
    ...wantedExpiry,
    description: v.exactOptional(describedAs),
    owner: v.exactOptional(owner),
    scopes: v.exactOptional(scopes),
    networks: v.exactOptional(networks),
  }),
  v.check((fields) => hasOneExpiry(fields), EXPECTED_ONE_EXPIRY),
  v.metadata(ONE_EXPIRY),
);

/** What is not there stays as it is; null or an empty list removes it. */
export const keyRevisionSchema = v.strictObject({
  alias: v.exactOptional(newAlias),
  disabled: v.exactOptional(v.boolean()),
  description: v.exactOptional(v.nullable(describedAs)),
  owner: v.exactOptional(v.nullable(owner)),
  scopes: v.exactOptional(scopes),
  networks: v.exactOptional(networks),
});

/** Without an expiry the new key has that of the one before. */
export const rotationSchema = v.pipe(
  v.strictObject({
    /** For how long the one before goes on; 0 for no longer. */
    graceSeconds: v.exactOptional(graceSeconds, DEFAULT_GRACE_SECONDS),
    ...wantedExpiry,
  }),
  v.check((fields) => hasOneExpiry(fields), EXPECTED_ONE_EXPIRY),
  v.metadata(ONE_EXPIRY),
);

/** Besides that of a rotation the one answer that ever holds a key's secret. */
export const createdKeySchema = v.object({
  alias: v.string(),
  key: v.string(),
  createdAt: instant,
  /** Never later than asked for; see `keySchema`. */
  expiresAt: instant,
  expiresOn: v.nullable(v.string()),
});

export const rotatedKeySchema = v.object({
  ...createdKeySchema.entries,
  /** The key before, if it goes on. */
  previous: v.nullable(keySchema),
});

export type WantedExpiry = Omit<Rotation, "graceSeconds">;
export type Rotation = v.InferInput<typeof rotationSchema>;
export type RotatedKey = v.InferOutput<typeof rotatedKeySchema>;
export type Key = v.InferOutput<typeof keySchema>;
export type KeyList = v.InferOutput<typeof keyListSchema>;
export type KeyRevision = v.InferInput<typeof keyRevisionSchema>;
export type NewKey = v.InferInput<typeof newKeySchema>;
export type CreatedKey = v.InferOutput<typeof createdKeySchema>;
