import { randomUUID } from "node:crypto";
import { AppError } from "../errors.ts";
import { type Alias, lookupAlias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import { type Expiry, isExpired } from "../model/expiry.ts";
import type { Clock, Instant } from "../model/instant.ts";
import type { MetadataChange } from "../model/key_metadata.ts";
import { printable } from "../model/printable.ts";
import { Secret } from "../model/secret.ts";
import { chooseExpiry, type WantedExpiry } from "./expiry.ts";
import type { Revision } from "../keystore/api_key_entry.ts";
import type { Keystore } from "../keystore/keystore.ts";
import type { KeystoreDraft } from "../keystore/keystore_draft.ts";
import { openKey, openKeys } from "../keystore/keystore_content.ts";

export interface KeyServiceDependencies {
  readonly keystore: Keystore;
  readonly clock: Clock;
}

export interface NewKeyOptions {
  /** undefined for never */
  readonly wantedExpiry?: WantedExpiry | undefined;
  readonly metadata?: MetadataChange | undefined;
}

export interface RotationOptions {
  /** undefined for that of the key before */
  readonly wantedExpiry?: WantedExpiry | undefined;
  readonly graceSeconds: number;
}

/** The life of API keys. Every method throws AppError ERR_KEYSTORE_* where the keystore fails. */
export class KeyService {
  readonly #keystore: Keystore;
  readonly #clock: Clock;

  constructor({ keystore, clock }: KeyServiceDependencies) {
    this.#keystore = keystore;
    this.#clock = clock;
  }

  /** In keystore order. */
  async list(): Promise<ApiKey[]> {
    const { content } = await this.#keystore.read();
    return await openKeys(content);
  }

  /** @throws AppError ERR_ALIAS_UNKNOWN */
  async get(alias: Alias): Promise<ApiKey> {
    const { content } = await this.#keystore.read();
    const entry = content.entries.get(alias);
    if (entry === undefined) throw aliasUnknown(alias);
    return await openKey(content, entry);
  }

  /**
   * Makes a key of 122 random bits, which is known to nobody but the caller once this returns.
   *
   * @throws AppError ERR_ALIAS_EXISTS, and as `chooseExpiry` does
   */
  async create(
    alias: Alias,
    { wantedExpiry, metadata }: NewKeyOptions = {},
  ): Promise<{ key: ApiKey; secret: Secret }> {
    const secret = newSecret();
    const createdAt = this.#clock();
    const expiry = wantedExpiry && chooseExpiry(wantedExpiry, createdAt);
    const key = await this.#keystore.change((draft) => {
      if (draft.has(alias)) throw aliasExists(alias);
      removeOrphans(draft, alias);
      return draft.add({ alias, secret, createdAt, expiry, metadata });
    });
    return { key, secret };
  }

  /**
   * Changes what is known of a key, its alias among it, or disables or enables it; the key itself
   * stays.
   *
   * @throws AppError ERR_ALIAS_UNKNOWN, ERR_KEY_RETIRED, ERR_ALIAS_EXISTS, ERR_METADATA_UNSUPPORTED
   */
  async revise(alias: Alias, revision: Revision): Promise<ApiKey> {
    const newAlias = revision.alias ?? alias;
    const isRenamed = newAlias !== alias;
    return await this.#keystore.change(async (draft) => {
      await assertCurrent(draft, alias);
      if (isRenamed && draft.has(newAlias)) throw aliasExists(newAlias);
      // What the alias had before goes with it, restrictions included.
      const retired = draft.retired(alias);
      const metadata = isRenamed
        ? { ...revision.metadata, replacedBy: newAlias }
        : revision.metadata;
      if (isRenamed) removeOrphans(draft, newAlias);
      const key = await draft.revise(alias, revision);
      for (const before of retired) {
        const renamed = lookupAlias(newAlias + before.slice(alias.length));
        if (isRenamed && draft.has(renamed)) throw aliasExists(renamed);
        await draft.revise(before, { ...revision, alias: renamed, metadata });
      }
      return key;
    });
  }

  /**
   * Gives an alias a new key of 122 random bits, with all that has been said of the one before.
   *
   * @param graceSeconds for how long the one before goes on, but no longer than it would have; 0 also
   *   ends what the alias had before that
   * @returns as `create`, and the one before if it goes on
   * @throws AppError ERR_ALIAS_UNKNOWN, ERR_KEY_DISABLED, ERR_KEY_RETIRED, ERR_METADATA_UNSUPPORTED, and
   *   as `chooseExpiry` does
   */
  async rotate(
    alias: Alias,
    { wantedExpiry, graceSeconds }: RotationOptions,
  ): Promise<{ key: ApiKey; secret: Secret; previous: ApiKey | undefined }> {
    const secret = newSecret();
    const now = this.#clock();
    const rotated = await this.#keystore.change(async (draft) => {
      const current = await assertCurrent(draft, alias);
      if (current.isDisabled) throw disabled(alias);
      const expiry = wantedExpiry ? chooseExpiry(wantedExpiry, now) : current.expiry;
      if (isOver({ expiry }, now)) throw expired(alias);
      for (const before of draft.retired(alias)) {
        const key = await draft.get(before);
        if (graceSeconds === 0 || (key && isOver(key, now))) draft.remove(before);
      }
      const newKey = { alias, secret, createdAt: now, expiry };
      return await draft.replace(newKey, retireBy(current, graceSeconds, now));
    });
    return { ...rotated, secret };
  }

  /**
   * Removes keys that others have taken the place of, once their time is over: that of those whose
   * alias another program has revoked, too.
   *
   * @returns their aliases
   */
  async removeRetired(): Promise<Alias[]> {
    const now = this.#clock();
    const over = await this.#retiredAndOver(now);
    if (over.length === 0) return [];
    return await this.#keystore.change(async (draft) => {
      const removed: Alias[] = [];
      for (const { alias } of over) {
        const key = await draft.get(alias);
        if (!key || !isRetiredAndOver(key, now, (other) => draft.has(other))) continue;
        draft.remove(alias);
        removed.push(alias);
      }
      return removed;
    });
  }

  /** Whether there is anything for {@link removeRetired}. */
  async hasRetired(): Promise<boolean> {
    return (await this.#retiredAndOver(this.#clock())).length > 0;
  }

  async #retiredAndOver(now: Instant): Promise<ApiKey[]> {
    const { content, stored } = await this.#keystore.read();
    if (stored === undefined) return [];
    const has = (alias: Alias) => content.entries.has(alias);
    return (await openKeys(content)).filter((key) => isRetiredAndOver(key, now, has));
  }

  /** @throws AppError ERR_ALIAS_UNKNOWN */
  async revoke(alias: Alias): Promise<void> {
    await this.#keystore.change((draft) => {
      const all = [...(draft.has(alias) ? [alias] : []), ...draft.retired(alias)];
      if (all.length === 0) throw aliasUnknown(alias);
      for (const each of all) draft.remove(each);
    });
  }
}

/** Without the cache, in which keys yet to be made, and those made, would lie in memory. */
function newSecret(): Secret {
  return new Secret(randomUUID({ disableEntropyCache: true }));
}

/** @throws AppError ERR_ALIAS_UNKNOWN, ERR_KEY_RETIRED */
async function assertCurrent(draft: KeystoreDraft, alias: Alias): Promise<ApiKey> {
  const key = await draft.get(alias);
  if (key === undefined) throw aliasUnknown(alias);
  const { replacedBy } = key.metadata;
  if (replacedBy === undefined) return key;
  const text = `'${printable(alias)}' is a key that '${printable(replacedBy)}' had before: ` +
    "it can be revoked, and nothing else";
  throw new AppError("ERR_KEY_RETIRED", text);
}

function retireBy({ expiry }: ApiKey, graceSeconds: number, now: Instant): Expiry | undefined {
  if (graceSeconds === 0 || isOver({ expiry }, now)) return undefined;
  const end = endOfGrace(graceSeconds, now);
  return expiry !== undefined && expiry.expiresOn < end.expiresOn ? expiry : end;
}

function endOfGrace(graceSeconds: number, now: Instant): Expiry {
  try {
    return chooseExpiry({ expiresInSeconds: graceSeconds }, now);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "ERR_EXPIRY_PAST") throw error;
    const text =
      "the grace ends in an hour that this host's clock repeats: give a longer one, or none";
    throw new AppError(error.code, text, { cause: error });
  }
}

/** What an alias that another program has revoked had before must not come back with a new key. */
function removeOrphans(draft: KeystoreDraft, alias: Alias): void {
  for (const each of draft.retired(alias)) draft.remove(each);
}

function isRetiredAndOver(key: ApiKey, now: Instant, has: (alias: Alias) => boolean): boolean {
  const { replacedBy } = key.metadata;
  return replacedBy !== undefined && (isOver(key, now) || !has(replacedBy));
}

function isOver({ expiry }: Pick<ApiKey, "expiry">, now: Instant): boolean {
  return expiry !== undefined && isExpired(expiry, now);
}

function disabled(alias: Alias): AppError {
  const text = `API key '${printable(alias)}' is disabled: enable it first`;
  return new AppError("ERR_KEY_DISABLED", text);
}

function expired(alias: Alias): AppError {
  const text = `API key '${printable(alias)}' has expired: give the new one a time of its own`;
  return new AppError("ERR_EXPIRY_PAST", text);
}

function aliasExists(alias: Alias): AppError {
  const text = `An API key with alias '${printable(alias)}' already exists.`;
  return new AppError("ERR_ALIAS_EXISTS", text);
}

function aliasUnknown(alias: Alias): AppError {
  return new AppError("ERR_ALIAS_UNKNOWN", `No API key found with alias '${printable(alias)}'.`);
}
