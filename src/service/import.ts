import { AppError } from "../errors.ts";
import { type Alias, lookupAlias, parseAlias } from "../model/alias.ts";
import { type Expiry, isExpired } from "../model/expiry.ts";
import type { Clock } from "../model/instant.ts";
import { digestKey, type KeyDigest } from "../model/key_digest.ts";
import type { MetadataChange } from "../model/key_metadata.ts";
import { printable } from "../model/printable.ts";
import type { Secret } from "../model/secret.ts";
import type { Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { isAdoptable } from "../keystore/adopted_entry.ts";
import type { ApiKeyEntry } from "../keystore/api_key_entry.ts";
import {
  type ForeignKey,
  type ForeignKeystore,
  openForeignKeystore,
} from "../keystore/foreign_keystore.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { KeystoreDraft } from "../keystore/keystore_draft.ts";

export interface ImportServiceDependencies {
  readonly keystore: Keystore;
  readonly pkcs12Kdf: Pkcs12Kdf;
  readonly clock: Clock;
}

export interface ImportOptions {
  /** What to do where an alias has another key. */
  readonly onConflict: "refuse" | "skip" | "replace";
  readonly dryRun: boolean;
}

/** Part of a keystore. */
export interface ImportSource {
  readonly bytes: Uint8Array;
  /** undefined for MetricsHub's built-in one */
  readonly password: Secret | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** A key that somebody else has made. */
export interface GivenKey {
  readonly alias: Alias;
  readonly secret: Secret;
  /** May be past. */
  readonly expiry: Expiry | undefined;
  readonly metadata: MetadataChange | undefined;
  readonly isDisabled: boolean;
}

export type Outcome =
  | "created"
  | "replaced"
  | "unchanged"
  | "skipped"
  | "conflict"
  | "unreadable"
  | "invalid-alias";

export interface ImportResult {
  readonly alias: Alias;
  readonly outcome: Outcome;
  /** Which other alias has this very key, where that is why it is none of this one's. */
  readonly sameAs?: Alias;
}

export interface ImportedKeystore extends Omit<ForeignKeystore, "keys"> {
  readonly keys: readonly ImportResult[];
}

/**
 * Takes over API keys with their secrets. What is imported in one call is imported as a whole or, where
 * it is refused, not at all.
 */
export class ImportService {
  readonly #keystore: Keystore;
  readonly #pkcs12Kdf: Pkcs12Kdf;
  readonly #clock: Clock;

  constructor({ keystore, pkcs12Kdf, clock }: ImportServiceDependencies) {
    this.#keystore = keystore;
    this.#pkcs12Kdf = pkcs12Kdf;
    this.#clock = clock;
  }

  /**
   * Keys of another keystore, with those that they have taken the place of and that still count.
   *
   * @throws AppError ERR_IMPORT_REFUSED for a wrong password and a damaged file alike,
   *   ERR_ALIAS_EXISTS, ERR_KEYSTORE_* where the keystore itself fails
   */
  async importKeystore(source: ImportSource, options: ImportOptions): Promise<ImportedKeystore> {
    const { keys, ...rest } = await this.#open(source);
    const results = await this.#withDraft(options, async (draft) => {
      const all: ImportResult[] = [];
      for (const key of keys) all.push(...await this.#importForeign(draft, key, options));
      return all;
    });
    return { ...rest, keys: results };
  }

  /**
   * Keys that are given one by one.
   *
   * @throws AppError ERR_ALIAS_EXISTS, ERR_KEYSTORE_*
   */
  async importKeys(
    keys: readonly GivenKey[],
    options: ImportOptions,
  ): Promise<ImportResult[]> {
    return await this.#withDraft(options, async (draft) => {
      const all: ImportResult[] = [];
      for (const key of keys) all.push(await this.#importGiven(draft, key, options));
      return all;
    });
  }

  async #open({ bytes, ...part }: ImportSource): Promise<ForeignKeystore> {
    try {
      return await openForeignKeystore(bytes, { ...part, pkcs12Kdf: this.#pkcs12Kdf });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new AppError("ERR_IMPORT_REFUSED", error.message, { cause: error });
    }
  }

  /** Nothing becomes of what a dry run does to its draft. */
  async #withDraft<T>(
    { dryRun }: ImportOptions,
    work: (draft: KeystoreDraft) => Promise<T>,
  ): Promise<T> {
    if (!dryRun) return await this.#keystore.change(work);
    const { content } = await this.#keystore.read();
    return await work(new KeystoreDraft(content));
  }

  async #importForeign(
    draft: KeystoreDraft,
    { entry, retired }: ForeignKey,
    options: ImportOptions,
  ): Promise<ImportResult[]> {
    const { alias, digest } = entry;
    if (digest === undefined || !isAdoptable(entry)) return [{ alias, outcome: "unreadable" }];
    if (!isNameable(alias)) return [{ alias, outcome: "invalid-alias" }];
    const result = await makeRoom(draft, alias, digest, options);
    const { outcome } = result;
    const createdAt = this.#clock();
    if (isNew(outcome)) await draft.adopt(entry, { alias, createdAt });
    const results = [result];
    if (!isNew(outcome) && outcome !== "unchanged") return results;
    for (const before of retired.filter((each) => this.#counts(each))) {
      results.push(await adoptRetired(draft, alias, before, { ...options, createdAt }));
    }
    return results;
  }

  /** Others would be removed at once. */
  #counts({ key, digest }: ApiKeyEntry): boolean {
    const expiry = key?.expiry;
    return digest !== undefined && !(expiry && isExpired(expiry, this.#clock()));
  }

  async #importGiven(
    draft: KeystoreDraft,
    { alias, secret, expiry, metadata, isDisabled }: GivenKey,
    options: ImportOptions,
  ): Promise<ImportResult> {
    const result = await makeRoom(draft, alias, digestKey(secret.reveal()), options);
    if (isNew(result.outcome)) {
      await draft.add({ alias, secret, createdAt: this.#clock(), expiry, metadata });
      if (isDisabled) await draft.revise(alias, { isDisabled });
    }
    return result;
  }
}

/**
 * Looks what an alias has, and removes that if it is to be replaced.
 *
 * @throws AppError ERR_ALIAS_EXISTS, ERR_IMPORT_CONFLICT
 */
async function makeRoom(
  draft: KeystoreDraft,
  alias: Alias,
  digest: KeyDigest,
  options: ImportOptions,
): Promise<ImportResult> {
  const { onConflict, dryRun } = options;
  const isThere = draft.has(alias);
  if (isThere && await draft.digestOf(alias) === digest) return { alias, outcome: "unchanged" };
  const twin = await findTwin(draft, alias, alias, { digest, ...options });
  if (twin !== undefined) return twin;
  if (isThere && onConflict === "skip") return { alias, outcome: "skipped" };
  if (isThere && onConflict === "refuse") {
    if (dryRun) return { alias, outcome: "conflict" };
    const text = `An API key with alias '${printable(alias)}' already exists.`;
    throw new AppError("ERR_ALIAS_EXISTS", text);
  }
  // What the alias had before goes with its key, and must not come back with another one.
  for (const each of draft.retired(alias)) draft.remove(each);
  if (isThere) draft.remove(alias);
  return { alias, outcome: isThere ? "replaced" : "created" };
}

/**
 * Whoever revokes an alias means its key: no other alias may have the same one, whatever is to be done
 * about conflicts.
 *
 * @param owner which may have had the key before
 * @returns undefined where no other alias has it
 * @throws AppError ERR_IMPORT_CONFLICT
 */
async function findTwin(
  draft: KeystoreDraft,
  owner: Alias,
  alias: Alias,
  { digest, onConflict, dryRun }: ImportOptions & { readonly digest: KeyDigest },
): Promise<ImportResult | undefined> {
  const own: readonly Alias[] = [owner, ...draft.retired(owner)];
  const sameAs = (await draft.aliasesOf(digest)).find((each) => !own.includes(each));
  if (sameAs === undefined) return undefined;
  if (onConflict === "skip") return { alias, outcome: "skipped", sameAs };
  if (dryRun) return { alias, outcome: "conflict", sameAs };
  const text = `the key of '${printable(alias)}' is that of '${printable(sameAs)}' here`;
  throw new AppError("ERR_IMPORT_CONFLICT", text);
}

async function adoptRetired(
  draft: KeystoreDraft,
  owner: Alias,
  entry: ApiKeyEntry,
  { createdAt, ...options }: ImportOptions & { readonly createdAt: ReturnType<Clock> },
): Promise<ImportResult> {
  const { digest } = entry;
  for (const known of draft.retired(owner)) {
    const isSame = await draft.digestOf(known) === digest;
    if (isSame) return { alias: known, outcome: "unchanged" };
  }
  const isFree = /^~\d{1,9}$/.test(entry.alias.slice(owner.length)) &&
    entry.alias.startsWith(owner) && !draft.has(entry.alias);
  const alias = isFree ? entry.alias : draft.retiredAlias(owner);
  const twin = digest && await findTwin(draft, owner, alias, { digest, ...options });
  if (twin !== undefined) return twin;
  await draft.adopt(entry, { alias, createdAt });
  return { alias, outcome: "created" };
}

function isNew(outcome: Outcome): boolean {
  return outcome === "created" || outcome === "replaced";
}

function isNameable(alias: Alias): boolean {
  try {
    return parseAlias(alias) === lookupAlias(alias);
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
