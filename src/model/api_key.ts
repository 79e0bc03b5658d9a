import type { Alias } from "./alias.ts";
import type { Expiry } from "./expiry.ts";
import type { Instant } from "./instant.ts";
import type { KeyMetadata } from "./key_metadata.ts";

/** What is remembered of a key once it has been created: never the key itself. */
export interface ApiKey {
  readonly alias: Alias;
  /** The key's last four characters; `undefined` if its entry cannot be opened. */
  readonly lastCharacters: string | undefined;
  readonly createdAt: Instant | undefined;
  readonly expiry: Expiry | undefined;
  /** Refused by everybody, until it is enabled again. */
  readonly isDisabled: boolean;
  readonly metadata: KeyMetadata;
  /** Goes on from one description of the same key to the next. */
  readonly use: KeyUse;
}

/** How a key has been used lately, counted where keys are verified. */
export interface KeyUse {
  count: number;
  /** In milliseconds since 1970; 0 for not yet. */
  lastUsedAt: number;
}

export function unused(): KeyUse {
  return { count: 0, lastUsedAt: 0 };
}

const MASK = "*".repeat(20);

export function maskedKey(key: ApiKey): string {
  return MASK + (key.lastCharacters ?? "");
}
