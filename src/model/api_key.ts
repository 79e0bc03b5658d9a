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

/**
 * How a key has been used lately, counted where keys are verified: in small integers alone, as engines
 * keep other numbers apart, and tens of thousands of them that change cost more than the check of a key.
 */
export interface KeyUse {
  count: number;
  /** In seconds since {@link USE_EPOCH_MS}; 0 for not yet. */
  lastUsedS: number;
}

/** 2020: seconds from here on are small integers until 2054. */
const USE_EPOCH_MS = 1_577_836_800_000;

export function unused(): KeyUse {
  return { count: 0, lastUsedS: 0 };
}

export function noteUse(use: KeyUse, now: Instant): void {
  use.count++;
  use.lastUsedS = Math.floor((now - USE_EPOCH_MS) / 1_000);
}

/** To the second; undefined for not yet. */
export function lastUse({ lastUsedS }: KeyUse): Instant | undefined {
  return lastUsedS === 0 ? undefined : lastUsedS * 1_000 + USE_EPOCH_MS as Instant;
}

const MASK = "*".repeat(20);

export function maskedKey(key: ApiKey): string {
  return MASK + (key.lastCharacters ?? "");
}
