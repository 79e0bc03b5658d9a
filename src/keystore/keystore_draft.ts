import type { Alias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import type { Expiry } from "../model/expiry.ts";
import type { KeyDigest } from "../model/key_digest.ts";
import type { ContentInfo } from "../pkcs12/content_info.ts";
import {
  derivationName,
  deriveKeyMaterial,
  newEncryptionScheme,
} from "../pkcs12/encryption_scheme.ts";
import type { Pfx } from "../pkcs12/pfx.ts";
import { gather, type SafeBag } from "../pkcs12/safe_bag.ts";
import {
  type ApiKeyEntry,
  type NewApiKey,
  type Revision,
  sealApiKeyEntry,
} from "./api_key_entry.ts";
import { adoptEntry, type Adoption } from "./adopted_entry.ts";
import { DraftedEntries } from "./drafted_entries.ts";
import type { KeyChange } from "./key_change.ts";
import { metadataUnsupported } from "./metadata_attribute.ts";
import { type KeystoreContent, openAll, openKey, sharedSalt } from "./keystore_content.ts";

export interface FinishedDraft {
  readonly pfx: Pfx;
  /** To be called once `pfx` is in the file: what is in memory then. */
  readonly saved: () => KeystoreContent;
  /** What will have become of which key. */
  readonly changes: readonly KeyChange[];
}

/** So many take some tens of milliseconds; the rest is for the next save. */
const MAX_RESEALED = 1_000;

/**
 * A keystore being changed. Each method changes it completely or, when it throws, not at all.
 *
 * Changes are collected and put in place together by {@link finish}: many at once cost one walk
 * through the keystore.
 */
export class KeystoreDraft {
  readonly #base: KeystoreContent;
  readonly #entries: DraftedEntries;
  #salt: Uint8Array | undefined;
  constructor(content: KeystoreContent) {
    this.#base = content;
    this.#entries = new DraftedEntries(content.entries);
  }

  /** From here on {@link rollBack} undoes. */
  begin(): void {
    this.#entries.begin();
  }

  /** Several changes that belong together: all of them or, where one is refused, none. */
  rollBack(): void {
    this.#entries.rollBack();
  }

  get changed(): boolean {
    return this.#entries.changed;
  }

  has(alias: Alias): boolean {
    return this.#entries.has(alias);
  }

  /** The aliases of what this alias had before, and still counts. */
  retired(alias: Alias): Alias[] {
    return this.#entries.retired(alias);
  }

  /** Removes every bag of this alias: a file that some program garbled may hold several. */
  remove(alias: Alias): void {
    if (!this.has(alias)) throw new TypeError("alias unknown");
    this.#entries.remove(alias);
  }

  /** @returns the key as it will be listed */
  async add(newKey: NewApiKey): Promise<ApiKey> {
    if (this.has(newKey.alias)) throw new TypeError("alias in use");
    this.#salt ??= sharedSalt(this.#base) ?? newEncryptionScheme().salt;
    const { entry, key } = await sealApiKeyEntry(newKey, this.#base.entryKeys, this.#salt);
    this.#entries.set(newKey.alias, { entry, original: undefined });
    return key;
  }

  /** Takes over an opened entry of another keystore. */
  async adopt(foreign: ApiKeyEntry, adoption: Adoption): Promise<void> {
    const { alias } = adoption;
    if (this.has(alias)) throw new TypeError("alias in use");
    this.#salt ??= sharedSalt(this.#base) ?? newEncryptionScheme().salt;
    const entry = await adoptEntry(foreign, adoption, this.#base.entryKeys, this.#salt);
    this.#entries.set(alias, { entry, original: undefined });
  }

  /** An alias for a key that this one had before. */
  retiredAlias(alias: Alias): Alias {
    return this.#entries.freeAlias(alias);
  }

  /**
   * Changes what is known of a key, its alias among it.
   *
   * @returns the key as it will be listed
   * @throws AppError ERR_METADATA_UNSUPPORTED
   */
  async revise(alias: Alias, revision: Revision): Promise<ApiKey> {
    const drafted = this.#entries.find(alias);
    const newAlias = revision.alias ?? alias;
    if (drafted === undefined) throw new TypeError("alias unknown");
    if (newAlias !== alias && this.has(newAlias)) throw new TypeError("alias in use");
    const { original } = drafted;
    const key = await openKey(this.#base, drafted.entry);
    const entry = drafted.entry.revised(revision);
    if (Buffer.compare(entry.bag.encoding, drafted.entry.bag.encoding) === 0) return key;
    if (newAlias !== alias) this.remove(alias);
    this.#entries.set(newAlias, { entry, original });
    return await openKey(this.#base, entry);
  }

  /**
   * Gives an alias another key, with all that has been said of the one before.
   *
   * @param retireBy until when the one before goes on, under an alias of its own; undefined to end it
   * @returns both, the one before only if it goes on
   * @throws AppError ERR_METADATA_UNSUPPORTED
   */
  async replace(
    newKey: NewApiKey,
    retireBy: Expiry | undefined,
  ): Promise<{ key: ApiKey; previous: ApiKey | undefined }> {
    const { alias } = newKey;
    const drafted = this.#entries.find(alias);
    if (drafted === undefined) throw new TypeError("alias unknown");
    const { entry: before, original } = drafted;
    const { metadata } = await openKey(this.#base, before);
    if (!metadata.isUnderstood) throw metadataUnsupported();
    this.#salt ??= sharedSalt(this.#base) ?? newEncryptionScheme().salt;
    const { entryKeys } = this.#base;
    const sealed = await sealApiKeyEntry(newKey, entryKeys, this.#salt);
    const entry = sealed.entry.describedAs(before);
    let previous: ApiKey | undefined;
    // What does not open has never counted.
    if (retireBy !== undefined && before.digest !== undefined) {
      const retirement = { alias: this.#entries.freeAlias(alias), expiry: retireBy };
      const retired = await before.retired(retirement, entryKeys, this.#salt);
      this.#entries.set(retired.alias, { entry: retired, original: undefined });
      previous = await openKey(this.#base, retired);
    }
    this.#entries.set(alias, { entry, original });
    return { key: await openKey(this.#base, entry), previous };
  }

  /** The aliases of all keys with this digest. */
  async aliasesOf(digest: KeyDigest): Promise<Alias[]> {
    await openAll(this.#base);
    const inBase = this.#base.digests.all(digest).map(({ alias }) => alias)
      .filter((alias) => this.#entries.find(alias)?.entry.digest === digest);
    return [...new Set([...inBase, ...this.#entries.withDigest(digest)])];
  }

  /** By which to recognise the key of an alias; undefined for none, and for one that does not open. */
  async digestOf(alias: Alias): Promise<KeyDigest | undefined> {
    await this.get(alias);
    return this.#entries.find(alias)?.entry.digest;
  }

  /** What is there under an alias; undefined for nothing. */
  async get(alias: Alias): Promise<ApiKey | undefined> {
    const entry = this.#entries.find(alias)?.entry;
    return entry && await openKey(this.#base, entry);
  }

  /**
   * The keystore with all changes in it, to be written.
   *
   * @param others new entries that are no API keys
   */
  async finish(others: readonly SafeBag[] = []): Promise<FinishedDraft> {
    const { pfx } = this.#base;
    const successors = this.#entries.successors();
    const resealed = await this.#reseal();
    /** What takes a bag's place: undefined for nothing. */
    const replaced = new Map<SafeBag, SafeBag | undefined>();
    for (const [{ bag, shadowed }, successor] of successors) {
      // None of those that an alias has, too, must come to light.
      for (const other of shadowed) replaced.set(other, undefined);
      replaced.set(bag, successor?.bag);
    }
    for (const [entry, { bag }] of resealed) replaced.set(entry.bag, bag);
    const added = [...others, ...this.#entries.added().map(({ bag }) => bag)];
    gather(added);
    const kept = pfx.contents.map((content) => withReplaced(content, replaced));
    const finished = { ...pfx, contents: withAdded(kept, added) };
    const saved = () => this.#saved(finished, resealed.values(), others.length);
    return { pfx: finished, saved, changes: this.#entries.changes() };
  }

  #saved(pfx: Pfx, resealed: Iterable<ApiKeyEntry>, others: number): KeystoreContent {
    this.#entries.settle(this.#base.digests, resealed);
    const otherEntries = this.#base.otherEntries + others;
    return { ...this.#base, pfx, otherEntries, salt: this.#salt ?? this.#base.salt };
  }

  /**
   * New bags for entries that were opened with a derivation of their own, as Java gives each one:
   * from then on they open with everybody's. Those that nobody has opened yet stay as they are.
   */
  async #reseal(): Promise<Map<ApiKeyEntry, ApiKeyEntry>> {
    const resealed = new Map<ApiKeyEntry, ApiKeyEntry>();
    const salt = this.#salt ?? sharedSalt(this.#base);
    if (salt === undefined) return resealed;
    const scheme = newEncryptionScheme(salt);
    const name = derivationName(scheme);
    for (const entry of this.#base.entries.values()) {
      if (entry.derivation === undefined || entry.derivation.name === name) continue;
      if (this.#entries.isDrafted(entry.alias)) continue;
      const material = await deriveKeyMaterial(scheme, this.#base.entryKeys);
      resealed.set(entry, entry.resealed({ name, material }, salt));
      if (resealed.size === MAX_RESEALED) break;
    }
    return resealed;
  }
}

function withReplaced(
  content: ContentInfo,
  replaced: ReadonlyMap<SafeBag, SafeBag | undefined>,
): ContentInfo {
  if (replaced.size === 0 || !content.bags?.some((bag) => replaced.has(bag))) return content;
  const bags: SafeBag[] = [];
  for (const bag of content.bags) {
    const now = replaced.has(bag) ? replaced.get(bag) : bag;
    if (now !== undefined) bags.push(now);
  }
  return { ...content, encoding: undefined, bags };
}

/** Java keeps key and secret bags together in one unencrypted SafeContents; so do we. */
function withAdded(contents: readonly ContentInfo[], added: readonly SafeBag[]): ContentInfo[] {
  if (added.length === 0) return [...contents];
  const index = contents.findIndex(({ kind }) => kind === "data");
  const data = contents[index];
  if (data === undefined) return [{ kind: "data", encoding: undefined, bags: added }, ...contents];
  const bags = (data.bags ?? []).concat(added);
  return contents.with(index, { ...data, encoding: undefined, bags });
}
