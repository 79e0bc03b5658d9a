import type { Alias } from "../model/alias.ts";
import type { ContentInfo } from "../pkcs12/content_info.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import type { Pfx } from "../pkcs12/pfx.ts";
import type { SafeBag } from "../pkcs12/safe_bag.ts";
import {
  apiKeyAlias,
  type ApiKeyEntry,
  type NewApiKey,
  openApiKeyEntry,
  sealApiKeyEntry,
} from "./api_key_entry.ts";

/** A keystore in memory: the whole PFX, and the API keys among its entries, in file order. */
export interface KeystoreContent {
  readonly pfx: Pfx;
  readonly entries: ReadonlyMap<Alias, ApiKeyEntry>;
  /** How many bags hold something else. */
  readonly otherEntries: number;
  readonly entryKeys: PasswordKeys;
}

/**
 * Opens every API key of a PFX, in parallel.
 *
 * @param previous entries that were open before: those whose bag is still the same, octet for
 *   octet, are taken over without deriving their key again
 */
export async function openContent(
  pfx: Pfx,
  entryKeys: PasswordKeys,
  previous: Iterable<ApiKeyEntry> = [],
): Promise<KeystoreContent> {
  const known = new Map(Array.from(previous, (entry) => [octets(entry.bag), entry]));
  const opening: Promise<[Alias, ApiKeyEntry]>[] = [];
  const bags = pfx.contents.flatMap(({ bags }) => bags ?? []);
  for (const bag of bags) {
    const alias = apiKeyAlias(bag);
    if (alias === undefined) continue;
    const entry = known.get(octets(bag));
    opening.push(
      (entry ? Promise.resolve({ ...entry, bag }) : openApiKeyEntry(alias, bag, entryKeys))
        .then((opened) => [alias, opened]),
    );
  }
  const entries = new Map(await Promise.all(opening));
  return { pfx, entries, otherEntries: bags.length - opening.length, entryKeys };
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

  /** @returns the entry as it will be listed */
  async add(key: NewApiKey): Promise<ApiKeyEntry> {
    if (this.has(key.alias)) throw new TypeError("alias in use");
    this.#salt ??= sharedSalt(this.#entries.values());
    const entry = await sealApiKeyEntry(key, this.#base.entryKeys, this.#salt);
    this.#entries.set(key.alias, entry);
    this.#pfx = { ...this.#pfx, contents: withBag(this.#pfx.contents, entry.bag) };
    this.#changed = true;
    return entry;
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
  for (const { sharableSalt } of entries) {
    if (sharableSalt === undefined) continue;
    const name = Buffer.from(sharableSalt).toString("latin1");
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (best === undefined || count > best.count) best = { salt: sharableSalt, count };
  }
  return best?.salt;
}

function octets(bag: SafeBag): string {
  return Buffer.from(bag.encoding).toString("latin1");
}
