import type { Alias } from "../model/alias.ts";
import type { ApiKeyEntry } from "./api_key_entry.ts";

/**
 * What has become of a key; `reloaded` where another program has written the whole file, or more keys
 * have changed than there is to tell one by one.
 */
export type KeyChange =
  | { readonly type: "created" | "revoked" | "changed"; readonly alias: Alias }
  | { readonly type: "reloaded" };

type Entries = ReadonlyMap<Alias, ApiKeyEntry>;

/** What another program has done to the keys: it may have encrypted one anew without changing it. */
export function changesBetween(before: Entries, after: Entries): KeyChange[] {
  const changes: KeyChange[] = [];
  for (const [alias, { bag }] of before) {
    const now = after.get(alias)?.bag;
    if (now === undefined) changes.push({ type: "revoked", alias });
    else if (Buffer.compare(bag.encoding, now.encoding) !== 0) {
      changes.push({ type: "changed", alias });
    }
  }
  for (const alias of after.keys()) {
    if (!before.has(alias)) changes.push({ type: "created", alias });
  }
  return [...changes, { type: "reloaded" }];
}
