import type { Alias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import { isCurrentScheme } from "../pkcs12/encryption_scheme.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import type { Pfx } from "../pkcs12/pfx.ts";
import type { SafeBag } from "../pkcs12/safe_bag.ts";
import { apiKeyAlias, ApiKeyEntry } from "./api_key_entry.ts";
import { DigestIndex } from "./digest_index.ts";
import { openEntries } from "./open_entries.ts";

/** A keystore in memory: the whole PFX, and the API keys among its entries, in file order. */
export interface KeystoreContent {
  readonly pfx: Pfx;
  readonly entries: ReadonlyMap<Alias, ApiKeyEntry>;
  /** Of the entries that have been opened. */
  readonly digests: DigestIndex;
  /** How many bags hold something else. */
  readonly otherEntries: number;
  readonly entryKeys: PasswordKeys;
  /** What new entries are encrypted with; undefined as long as that has not been looked for. */
  readonly salt: Uint8Array | undefined;
}

/**
 * Finds the API keys of a PFX.
 *
 * @param previous entries of an earlier state: those whose bag is still the same, octet for octet,
 *   go on, so that what has been opened need not be opened again
 */
export function indexContent(
  pfx: Pfx,
  entryKeys: PasswordKeys,
  previous: ReadonlyMap<Alias, ApiKeyEntry> = new Map(),
): KeystoreContent {
  const entries = new Map<Alias, ApiKeyEntry>();
  const digests = new DigestIndex();
  let otherEntries = 0;
  for (const { bags } of pfx.contents) {
    for (const bag of bags ?? []) {
      const alias = apiKeyAlias(bag);
      if (alias === undefined) otherEntries++;
      else entries.set(alias, entryOf(alias, bag, entries.get(alias), previous.get(alias)));
    }
  }
  addOpened(digests, entries);
  return { pfx, entries, digests, otherEntries, entryKeys, salt: undefined };
}

function entryOf(
  alias: Alias,
  bag: SafeBag,
  shadowed: ApiKeyEntry | undefined,
  previous: ApiKeyEntry | undefined,
): ApiKeyEntry {
  if (shadowed !== undefined) {
    const entry = new ApiKeyEntry(alias, bag, [...shadowed.shadowed, shadowed.bag]);
    // What MetricsHub sees is what counts: a program may have made a key where one was disabled.
    const isHidden = entry.isDisabled && !shadowed.isDisabled;
    return isHidden ? new ApiKeyEntry(alias, shadowed.bag, [...shadowed.shadowed, bag]) : entry;
  }
  const isSame = previous !== undefined &&
    Buffer.compare(previous.bag.encoding, bag.encoding) === 0;
  return isSame && previous.shadowed.length === 0 ? previous.on(bag) : new ApiKeyEntry(alias, bag);
}

/** What is in every API key's bag, in file order. */
export async function openKeys(content: KeystoreContent): Promise<ApiKey[]> {
  await openAll(content);
  return Array.from(content.entries.values(), opened);
}

/** Opens every API key's bag, so that whatever key is presented can be found. */
export async function openAll(content: KeystoreContent): Promise<void> {
  const { digests } = content;
  // Thousands may ask for one of thousands of keys at the same time.
  if (!digests.isComplete) await (digests.completing ??= complete(content));
}

async function complete({ entries, digests, entryKeys }: KeystoreContent): Promise<void> {
  try {
    await openEntries(entries.values(), entryKeys);
    addOpened(digests, entries);
  } finally {
    digests.completing = undefined;
  }
}

function addOpened(digests: DigestIndex, entries: ReadonlyMap<Alias, ApiKeyEntry>): void {
  let isComplete = true;
  for (const entry of entries.values()) {
    digests.add(entry);
    isComplete &&= entry.key !== undefined;
  }
  digests.isComplete = isComplete;
}

/** What is in one API key's bag. */
export async function openKey(content: KeystoreContent, entry: ApiKeyEntry): Promise<ApiKey> {
  await openEntries([entry], content.entryKeys);
  return opened(entry);
}

function opened({ key }: ApiKeyEntry): ApiKey {
  if (key === undefined) throw new TypeError("an entry that has not been opened");
  return key;
}

/** How many entries to look at for a salt to share. */
const SAMPLE_SIZE = 64;

/**
 * The most common salt, as far as a sample of the entries tells: to open a keystore costs one
 * derivation for each that occurs.
 */
export function sharedSalt({ salt, entries }: KeystoreContent): Uint8Array | undefined {
  if (salt !== undefined) return salt;
  const counts = new Map<string, number>();
  let best: { salt: Uint8Array; count: number } | undefined;
  const step = Math.max(1, Math.floor(entries.size / SAMPLE_SIZE));
  let index = 0;
  for (const entry of entries.values()) {
    const scheme = index++ % step === 0 ? entry.sealed()?.scheme : undefined;
    if (scheme === undefined || !isCurrentScheme(scheme)) continue;
    const name = Buffer.from(scheme.salt).toString("latin1");
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (best === undefined || count > best.count) best = { salt: scheme.salt, count };
  }
  return best?.salt;
}
