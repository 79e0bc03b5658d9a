import type { ApiKey } from "../model/api_key.ts";
import { isExpired } from "../model/expiry.ts";
import type { Instant } from "../model/instant.ts";

/** What a key is good for. */
export type KeyState = "unreadable" | "disabled" | "expired" | "unsupported" | "replaced" | "valid";

/** How many keys are in which state. */
export function countStates(keys: readonly ApiKey[], now: Instant): Record<KeyState, number> {
  const counts = { unreadable: 0, disabled: 0, expired: 0, unsupported: 0, replaced: 0, valid: 0 };
  for (const key of keys) counts[stateOf(key, now)]++;
  return counts;
}

/** The first that fits, as `apikey list` has it. */
function stateOf({ lastCharacters, isDisabled, expiry, metadata }: ApiKey, now: Instant): KeyState {
  if (lastCharacters === undefined) return "unreadable";
  if (isDisabled) return "disabled";
  if (expiry !== undefined && isExpired(expiry, now)) return "expired";
  if (!metadata.isUnderstood) return "unsupported";
  return metadata.replacedBy === undefined ? "valid" : "replaced";
}
