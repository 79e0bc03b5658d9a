import { type Alias, lookupAlias } from "../model/alias.ts";
import type { KeyDigest } from "../model/key_digest.ts";
import type { ApiKeyEntry } from "./api_key_entry.ts";
import type { DigestIndex } from "./digest_index.ts";
import type { KeyChange } from "./key_change.ts";

/** What stands between an alias and the number of a key that it had before. */
const RETIRED_MARK = "~";

/** An entry as it is to be, and the one whose place in the file it takes; undefined for a new one. */
interface Drafted {
  readonly entry: ApiKeyEntry;
  readonly original: ApiKeyEntry | undefined;
}

/** The entries of a keystore as they are to be: which alias has which, and in whose place. */
export class DraftedEntries {
  readonly #base: ReadonlyMap<Alias, ApiKeyEntry>;
  /** What is to have this alias; undefined for nothing any more. */
  readonly #drafted = new Map<Alias, Drafted | undefined>();
  /** Looked for once: many changes at a time may ask. */
  #retiredInBase: ReadonlyMap<Alias, readonly Alias[]> | undefined;

  /** What {@link rollBack} has to put back, the latest last. */
  readonly #undo: (() => void)[] = [];

  constructor(entries: ReadonlyMap<Alias, ApiKeyEntry>) {
    this.#base = entries;
  }

  /** From here on {@link rollBack} undoes. */
  begin(): void {
    this.#undo.length = 0;
  }

  /** Several changes that belong together: all of them or, where one is refused, none. */
  rollBack(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  /** Several places may change hands: the entry takes that of `original`, or a new one. */
  set(alias: Alias, drafted: Drafted | undefined): void {
    this.#remember(alias);
    this.#drafted.set(alias, drafted);
  }

  /** What is new is not there any more; what is in the keystore will not be. */
  remove(alias: Alias): void {
    this.#remember(alias);
    if (this.#base.has(alias)) this.#drafted.set(alias, undefined);
    else this.#drafted.delete(alias);
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

  /** What will have become of which key. */
  changes(): KeyChange[] {
    const changes = Array.from(this.#drafted, ([alias, drafted]) => {
      if (drafted === undefined) return { type: "revoked", alias } as const;
      return { type: this.#base.has(alias) ? "changed" : "created", alias } as const;
    });
    // A key is known by the alias that goes on, so that is whose key has changed.
    const others = new Set<Alias>();
    for (const [alias, drafted] of this.#drafted) {
      for (const entry of [drafted?.entry, this.#base.get(alias)]) {
        const owner = entry?.replacedBy;
        if (owner !== undefined && !this.#drafted.has(owner)) others.add(owner);
      }
    }
    return [...changes, ...Array.from(others, (alias) => ({ type: "changed", alias } as const))];
  }

  has(alias: Alias): boolean {
    return this.find(alias) !== undefined;
  }

  /** For a key that an alias had before. */
  freeAlias(alias: Alias): Alias {
    for (let number = 1;; number++) {
      const candidate = lookupAlias(`${alias}${RETIRED_MARK}${number}`);
      if (!this.has(candidate)) return candidate;
    }
  }

  /** The aliases of what this alias had before, and still counts. */
  retired(alias: Alias): Alias[] {
    this.#retiredInBase ??= retiredIn(this.#base);
    const found = new Set(this.#retiredInBase.get(alias));
    const prefix = alias + RETIRED_MARK;
    for (const each of this.#drafted.keys()) if (each.startsWith(prefix)) found.add(each);
    return [...found].filter((each) => this.find(each)?.entry.replacedBy === alias);
  }

  /** What is to be there under an alias; undefined for nothing. */
  find(alias: Alias): Drafted | undefined {
    if (this.#drafted.has(alias)) return this.#drafted.get(alias);
    const original = this.#base.get(alias);
    return original && { entry: original, original };
  }

  /** Those of what is new or changed that have this key. */
  withDigest(digest: KeyDigest): Alias[] {
    const found: Alias[] = [];
    for (const [alias, drafted] of this.#drafted) {
      if (drafted?.entry.digest === digest) found.push(alias);
    }
    return found;
  }

  isDrafted(alias: Alias): boolean {
    return this.#drafted.has(alias);
  }

  /** Those that take nobody's place, in order. */
  added(): ApiKeyEntry[] {
    return [...this.#drafted.values()].flatMap((drafted) =>
      drafted !== undefined && drafted.original === undefined ? [drafted.entry] : []
    );
  }

  /** What takes the place of which entry; undefined for nothing. */
  successors(): Successors {
    const successors = new Map<ApiKeyEntry, ApiKeyEntry | undefined>();
    for (const alias of this.#drafted.keys()) {
      const original = this.#base.get(alias);
      if (original !== undefined) successors.set(original, undefined);
    }
    for (const drafted of this.#drafted.values()) {
      if (drafted?.original !== undefined) successors.set(drafted.original, drafted.entry);
    }
    return successors;
  }

  /**
   * Once they are saved: in place, as a copy for each save of a large keystore would be most of its
   * garbage, and whoever is just opening entries must not find those that are gone.
   */
  settle(digests: DigestIndex, resealed: Iterable<ApiKeyEntry>): void {
    const successors = this.successors();
    const entries = this.#base as Map<Alias, ApiKeyEntry>;
    for (const original of successors.keys()) digests.remove(original);
    if ([...successors].some(isRenamed)) rename(entries, successors);
    else putInPlace(entries, successors);
    for (const entry of resealed) entries.set(entry.alias, entry);
    for (const entry of this.added()) entries.set(entry.alias, entry);
    for (const drafted of this.#drafted.values()) if (drafted) digests.add(drafted.entry);
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
