import { randomUUID } from "node:crypto";
import { AppError } from "../errors.ts";
import type { Alias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import type { Clock } from "../model/instant.ts";
import type { MetadataChange } from "../model/key_metadata.ts";
import { printable } from "../model/printable.ts";
import { Secret } from "../model/secret.ts";
import { chooseExpiry, type WantedExpiry } from "./expiry.ts";
import type { Revision } from "../keystore/api_key_entry.ts";
import type { Keystore } from "../keystore/keystore.ts";
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
    // Without the cache, in which keys yet to be made, and those made, would lie in memory.
    const secret = new Secret(randomUUID({ disableEntropyCache: true }));
    const createdAt = this.#clock();
    const expiry = wantedExpiry && chooseExpiry(wantedExpiry, createdAt);
    const key = await this.#keystore.change((draft) => {
      if (draft.has(alias)) throw aliasExists(alias);
      return draft.add({ alias, secret, createdAt, expiry, metadata });
    });
    return { key, secret };
  }

  /**
   * Changes what is known of a key, its alias among it, or disables or enables it; the key itself
   * stays.
   *
   * @throws AppError ERR_ALIAS_UNKNOWN, ERR_ALIAS_EXISTS, ERR_METADATA_UNSUPPORTED
   */
  async revise(alias: Alias, revision: Revision): Promise<ApiKey> {
    const newAlias = revision.alias ?? alias;
    return await this.#keystore.change((draft) => {
      if (!draft.has(alias)) throw aliasUnknown(alias);
      if (newAlias !== alias && draft.has(newAlias)) throw aliasExists(newAlias);
      return draft.revise(alias, revision);
    });
  }

  /** @throws AppError ERR_ALIAS_UNKNOWN */
  async revoke(alias: Alias): Promise<void> {
    await this.#keystore.change((draft) => {
      if (!draft.has(alias)) throw aliasUnknown(alias);
      draft.remove(alias);
    });
  }
}

function aliasExists(alias: Alias): AppError {
  const text = `An API key with alias '${printable(alias)}' already exists.`;
  return new AppError("ERR_ALIAS_EXISTS", text);
}

function aliasUnknown(alias: Alias): AppError {
  return new AppError("ERR_ALIAS_UNKNOWN", `No API key found with alias '${printable(alias)}'.`);
}
