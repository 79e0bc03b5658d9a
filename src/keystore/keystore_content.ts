import type { Alias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import type { ContentInfo } from "../pkcs12/content_info.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import type { Pfx } from "../pkcs12/pfx.ts";
import type { SafeBag } from "../pkcs12/safe_bag.ts";
import { apiKeyAlias, ApiKeyEntry, type NewApiKey, sealApiKeyEntry } from "./api_key_entry.ts";

/** A keystore in memory: the whole PFX, and the API keys among its entries, in file order. */
export interface KeystoreContent {
  readonly pfx: Pfx;
  readonly entries: ReadonlyMap<Alias, ApiKeyEntry>;
  /** How many bags hold something else. */
  readonly otherEntries: number;
  readonly entryKeys: PasswordKeys;
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
  previous: Iterable<ApiKeyEntry> = [],
): KeystoreContent {
  const known = new Map(Array.from(previous, (entry) => [octets(entry.bag), entry]));
  const entries = new Map<Alias, ApiKeyEntry>();
  let otherEntries = 0;
  for (const bag of pfx.contents.flatMap(({ bags }) => bags ?? [])) {
    const alias = apiKeyAlias(bag);
    if (alias === undefined) otherEntries++;
    else entries.set(alias, known.get(octets(bag))?.on(bag) ?? new ApiKeyEntry(alias, bag));
  }
  return { pfx, entries, otherEntries, entryKeys };
}

/** What is in every API key's bag, in file order; the keys are derived in parallel. */
export function openKeys({ entries, entryKeys }: KeystoreContent): Promise<ApiKey[]> {
  return Promise.all(Array.from(entries.values(), (entry) => entry.open(entryKeys)));
}

/** A keystore being changed. Each method changes it completely or, when it throws, not at all. */
export class KeystoreDraft {
  readonly #entries: Map<Alias, ApiKeyEntry>;
  readonly #base: KeystoreContent;
  #pfx: Pfx;
  #salt: Uint8Array | undefined;
  #changed = false;

  constructor(content: KeystoreContent) {
    this.#pfx = content.pfx;
    this.#entries = new Map(content.entries);
    this.#base = content;
  }

  get changed(): boolean {
    return this.#changed;
  }

  has(alias: Alias): boolean {
    return this.#entries.has(alias);
  }

  /** @returns the key as it will be listed */
  async add(key: NewApiKey): Promise<ApiKey> {
    if (this.has(key.alias)) throw new TypeError("alias in use");
    this.#salt ??= sharedSalt(this.#entries.values());
    const entry = await sealApiKeyEntry(key, this.#base.entryKeys, this.#salt);
    this.#entries.set(key.alias, entry);
    this.#pfx = { ...this.#pfx, contents: withBag(this.#pfx.contents, entry.bag) };
    this.#changed = true;
    return await entry.open(this.#base.entryKeys);
  }

  /** Removes every bag of this alias: a file that some program garbled may hold several. */
  remove(alias: Alias): void {
    if (!this.#entries.delete(alias)) throw new TypeError("alias unknown");
    this.#pfx = { ...this.#pfx, contents: this.#pfx.contents.map((c) => without(c, alias)) };
    this.#changed = true;
  }

  finish(): KeystoreContent {
    return { ...this.#base, pfx: this.#pfx, entries: this.#entries };
  }
}

/** Java keeps key and secret bags together in one unencrypted SafeContents; so do we. */
function withBag(contents: readonly ContentInfo[], bag: SafeBag): ContentInfo[] {
  const index = contents.findIndex(({ kind }) => kind === "data");
  const data = contents[index];
  if (data === undefined) return [{ kind: "data", encoding: undefined, bags: [bag] }, ...contents];
  return contents.with(index, { ...data, encoding: undefined, bags: [...data.bags ?? [], bag] });
}

function without(content: ContentInfo, alias: Alias): ContentInfo {
  const bags = content.bags?.filter((bag) => apiKeyAlias(bag) !== alias);
  if (bags === undefined || bags.length === content.bags?.length) return content;
  return { ...content, encoding: undefined, bags };
}

/** The most common salt: to open a keystore costs one derivation for each that occurs. */
function sharedSalt(entries: Iterable<ApiKeyEntry>): Uint8Array | undefined {
  const counts = new Map<string, number>();
  let best: { salt: Uint8Array; count: number } | undefined;
  for (const entry of entries) {
    const salt = entry.sharableSalt();
    if (salt === undefined) continue;
    const name = Buffer.from(salt).toString("latin1");
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (best === undefined || count > best.count) best = { salt, count };
  }
  return best?.salt;
}

function octets(bag: SafeBag): string {
  return Buffer.from(bag.encoding).toString("latin1");
}
