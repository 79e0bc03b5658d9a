import { type ApiKey, maskedKey } from "../model/api_key.ts";
import { isExpired } from "../model/expiry.ts";
import type { Instant } from "../model/instant.ts";
import type { Secret } from "../model/secret.ts";
import type { CreatedKey, Key } from "../protocol/keys.ts";
import type { UsageService } from "../service/usage.ts";
import { expiresAt, instantOrNull } from "./instant.ts";

/** The one place where a key itself is shown. */
export function presentWith(secret: Secret, key: ApiKey): CreatedKey {
  return {
    alias: key.alias,
    key: secret.reveal(),
    createdAt: instantOrNull(key.createdAt),
    expiresAt: expiresAt(key.expiry),
    expiresOn: key.expiry?.expiresOn ?? null,
  };
}

/** What there is to say of keys, how they are used among it. */
export function presenter(usage: UsageService): (key: ApiKey, now: Instant) => Key {
  return (key, now) => {
    const { uses, lastUsedAt } = usage.of(key);
    return { ...describe(key, now), lastUsedAt: instantOrNull(lastUsedAt), uses };
  };
}

function describe(key: ApiKey, now: Instant): Omit<Key, "lastUsedAt" | "uses"> {
  return {
    alias: key.alias,
    maskedKey: maskedKey(key),
    createdAt: instantOrNull(key.createdAt),
    expiresAt: expiresAt(key.expiry),
    expiresOn: key.expiry?.expiresOn ?? null,
    expired: key.expiry !== undefined && isExpired(key.expiry, now),
    readable: key.lastCharacters !== undefined,
    disabled: key.isDisabled,
    description: key.metadata.description ?? null,
    owner: key.metadata.owner ?? null,
    scopes: [...key.metadata.scopes],
    networks: [...key.metadata.networks.networks],
    supported: key.metadata.isUnderstood,
    replacedBy: key.metadata.replacedBy ?? null,
  };
}
