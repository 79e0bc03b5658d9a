import { type Alias, lookupAlias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import type { Expiry } from "../model/expiry.ts";
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
import type { KeyChange } from "./key_change.ts";
import { metadataUnsupported } from "./metadata_attribute.ts";
import { type KeystoreContent, openKey, sharedSalt } from "./keystore_content.ts";

export interface FinishedDraft {
  readonly pfx: Pfx;
  /** To be called once `pfx` is in the file: what is in memory then. */
  readonly saved: () => KeystoreContent;
  /** What will have become of which key. */
  readonly changes: readonly KeyChange[];
}

/** What stands between an alias and the number of a key that it had before. */
const RETIRED_MARK = "~";

/** So many take some tens of milliseconds; the rest is for the next save. */
const MAX_RESEALED = 1_000;

/** An entry as it is to be, and the one whose place in the file it takes; undefined for a new one. */
interface Drafted {
  readonly entry: ApiKeyEntry;
  readonly original: ApiKeyEntry | undefined;
}

/**
 * A keystore being changed. Each method changes it completely or, when it throws, not at all.
 *
 * Changes are collected and put in place together by {@link finish}: many at once cost one walk
 * through the keystore.
 */
export class KeystoreDraft {
  readonly #base: KeystoreContent;
  /** What is to have this alias; undefined for nothing any more. */
  readonly #drafted = new Map<Alias, Drafted | undefined>();
  #salt: Uint8Array | undefined;
  /** Looked for once: many changes at a time may ask. */
  #retiredInBase: ReadonlyMap<Alias, readonly Alias[]> | undefined;

  /** What {@link rollBack} has to put back, the latest last. */
  readonly #undo: (() => void)[] = [];

  constructor(content: KeystoreContent) {
    this.#base = content;
  }

  /** From here on {@link rollBack} undoes. */
  begin(): void {
    this.#undo.length = 0;
  }

  /** Several changes that belong together: all of them or, where one is refused, none. */
  rollBack(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  #set(alias: Alias, drafted: Drafted | undefined): void {
    this.#remember(alias);
    this.#drafted.set(alias, drafted);
  }

  #unset(alias: Alias): void {
    this.#remember(alias);
    this.#drafted.delete(alias);
  }

  #remember(alias: Alias): void {
    const drafted = this.#drafted.get(alias);
    const wasDrafted = this.#drafted.has(alias);
    this.#undo.push(() => {
      if (wasDrafted) this.#drafted.set(alias, drafted);
      else this.#drafted.delete(alias);
    });
  }

  get changed(): boolean {
    return this.#drafted.size > 0;
  }

  #changes(): KeyChange[] {
    const changes = Array.from(this.#drafted, ([alias, drafted]) => {
      if (drafted === undefined) return { type: "revoked", alias } as const;
      return { type: this.#base.entries.has(alias) ? "changed" : "created", alias } as const;
    });
    // A key is known by the alias that goes on, so that is whose key has changed.
    const others = new Set<Alias>();
    for (const [alias, drafted] of this.#drafted) {
      for (const entry of [drafted?.entry, this.#base.entries.get(alias)]) {
        const owner = entry?.replacedBy;
        if (owner !== undefined && !this.#drafted.has(owner)) others.add(owner);
      }
    }
    return [...changes, ...Array.from(others, (alias) => ({ type: "changed", alias } as const))];
  }

  has(alias: Alias): boolean {
    return this.#find(alias) !== undefined;
  }

  /** @returns the key as it will be listed */
  async add(newKey: NewApiKey): Promise<ApiKey> {
    if (this.has(newKey.alias)) throw new TypeError("alias in use");
    this.#salt ??= sharedSalt(this.#base) ?? newEncryptionScheme().salt;
    const { entry, key } = await sealApiKeyEntry(newKey, this.#base.entryKeys, this.#salt);
    this.#set(newKey.alias, { entry, original: undefined });
    return key;
  }

  /**
   * Changes what is known of a key, its alias among it.
   *
   * @returns the key as it will be listed
   * @throws AppError ERR_METADATA_UNSUPPORTED
   */
  async revise(alias: Alias, revision: Revision): Promise<ApiKey> {
    const drafted = this.#find(alias);
    const newAlias = revision.alias ?? alias;
    if (drafted === undefined) throw new TypeError("alias unknown");
    if (newAlias !== alias && this.has(newAlias)) throw new TypeError("alias in use");
    const { original } = drafted;
    const key = await openKey(this.#base, drafted.entry);
    const entry = drafted.entry.revised(revision);
    if (Buffer.compare(entry.bag.encoding, drafted.entry.bag.encoding) === 0) return key;
    if (newAlias !== alias) this.remove(alias);
    this.#set(newAlias, { entry, original });
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
    const drafted = this.#find(alias);
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
      const retirement = { alias: this.#freeAlias(alias), expiry: retireBy };
      const retired = await before.retired(retirement, entryKeys, this.#salt);
      this.#set(retired.alias, { entry: retired, original: undefined });
      previous = await openKey(this.#base, retired);
    }
    this.#set(alias, { entry, original });
    return { key: await openKey(this.#base, entry), previous };
  }

  #freeAlias(alias: Alias): Alias {
    for (let number = 1;; number++) {
      const candidate = lookupAlias(`${alias}${RETIRED_MARK}${number}`);
      if (!this.has(candidate)) return candidate;
    }
  }

  /** What is there under an alias; undefined for nothing. */
  async get(alias: Alias): Promise<ApiKey | undefined> {
    const entry = this.#find(alias)?.entry;
    return entry && await openKey(this.#base, entry);
  }

  /** The aliases of what this alias had before, and still counts. */
  retired(alias: Alias): Alias[] {
    this.#retiredInBase ??= retiredIn(this.#base.entries);
    const found = new Set(this.#retiredInBase.get(alias));
    const prefix = alias + RETIRED_MARK;
    for (const each of this.#drafted.keys()) if (each.startsWith(prefix)) found.add(each);
    return [...found].filter((each) => this.#find(each)?.entry.replacedBy === alias);
  }

  /** Removes every bag of this alias: a file that some program garbled may hold several. */
  remove(alias: Alias): void {
    if (!this.has(alias)) throw new TypeError("alias unknown");
    if (this.#base.entries.has(alias)) this.#set(alias, undefined);
    else this.#unset(alias);
  }

  #find(alias: Alias): Drafted | undefined {
    if (this.#drafted.has(alias)) return this.#drafted.get(alias);
    const original = this.#base.entries.get(alias);
    return original && { entry: original, original };
  }

  /** The keystore with all changes in it, to be written. */
  async finish(): Promise<FinishedDraft> {
    const { pfx } = this.#base;
    const successors = this.#successors();
    const resealed = await this.#reseal();
    /** What takes a bag's place: undefined for nothing. */
    const replaced = new Map<SafeBag, SafeBag | undefined>();
    for (const [{ bag, shadowed }, successor] of successors) {
      // None of those that an alias has, too, must come to light.
      for (const other of shadowed) replaced.set(other, undefined);
      replaced.set(bag, successor?.bag);
    }
    for (const [entry, { bag }] of resealed) replaced.set(entry.bag, bag);
    const added = this.#added().map(({ bag }) => bag);
    gather(added);
    const kept = pfx.contents.map((content) => withReplaced(content, replaced));
    const finished = { ...pfx, contents: withAdded(kept, added) };
    const saved = () => this.#saved(finished, resealed.values());
    return { pfx: finished, saved, changes: this.#changes() };
  }

  #added(): ApiKeyEntry[] {
    return [...this.#drafted.values()].flatMap((drafted) =>
      drafted !== undefined && drafted.original === undefined ? [drafted.entry] : []
    );
  }

  /** What takes the place of which entry; undefined for nothing. */
  #successors(): Map<ApiKeyEntry, ApiKeyEntry | undefined> {
    const successors = new Map<ApiKeyEntry, ApiKeyEntry | undefined>();
    for (const alias of this.#drafted.keys()) {
      const original = this.#base.entries.get(alias);
      if (original !== undefined) successors.set(original, undefined);
    }
    for (const drafted of this.#drafted.values()) {
      if (drafted?.original !== undefined) successors.set(drafted.original, drafted.entry);
    }
    return successors;
  }

  #saved(pfx: Pfx, resealed: Iterable<ApiKeyEntry>): KeystoreContent {
    const { digests } = this.#base;
    const successors = this.#successors();
    // In place: a copy for each save of a large keystore would be most of its garbage, and whoever is
    // just opening entries must not find those that are gone.
    const entries = this.#base.entries as Map<Alias, ApiKeyEntry>;
    for (const original of successors.keys()) digests.remove(original);
    if ([...successors].some(isRenamed)) rename(entries, successors);
    else putInPlace(entries, successors);
    for (const entry of resealed) entries.set(entry.alias, entry);
    for (const entry of this.#added()) entries.set(entry.alias, entry);
    for (const drafted of this.#drafted.values()) if (drafted) digests.add(drafted.entry);
    return { ...this.#base, pfx, entries, salt: this.#salt ?? this.#base.salt };
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
      if (this.#drafted.has(entry.alias)) continue;
      const material = await deriveKeyMaterial(scheme, this.#base.entryKeys);
      resealed.set(entry, entry.resealed({ name, material }, salt));
      if (resealed.size === MAX_RESEALED) break;
    }
    return resealed;
  }
}

function retiredIn(entries: ReadonlyMap<Alias, ApiKeyEntry>): ReadonlyMap<Alias, Alias[]> {
  const retired = new Map<Alias, Alias[]>();
  for (const [alias, entry] of entries) {
    const owner = alias.includes(RETIRED_MARK) ? entry.replacedBy : undefined;
    if (owner === undefined) continue;
    const known = retired.get(owner);
    if (known === undefined) retired.set(owner, [alias]);
    else known.push(alias);
  }
  return retired;
}

type Successors = ReadonlyMap<ApiKeyEntry, ApiKeyEntry | undefined>;

function isRenamed([{ alias }, successor]: [ApiKeyEntry, ApiKeyEntry | undefined]): boolean {
  return successor !== undefined && successor.alias !== alias;
}

function putInPlace(entries: Map<Alias, ApiKeyEntry>, successors: Successors): void {
  for (const [{ alias }, successor] of successors) {
    if (successor === undefined) entries.delete(alias);
    else entries.set(alias, successor);
  }
}

/** The order is the file's, in which a renamed entry keeps its place. */
function rename(entries: Map<Alias, ApiKeyEntry>, successors: Successors): void {
  const all = Array.from(entries.values(), (entry) => {
    return successors.has(entry) ? successors.get(entry) : entry;
  });
  entries.clear();
  for (const entry of all) if (entry !== undefined) entries.set(entry.alias, entry);
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
