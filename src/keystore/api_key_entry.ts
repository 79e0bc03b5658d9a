import { type Alias, lookupAlias } from "../model/alias.ts";
import type { ApiKey } from "../model/api_key.ts";
import { type Expiry, parseExpiry } from "../model/expiry.ts";
import { type Instant, parseEpochMs } from "../model/instant.ts";
import type { Secret } from "../model/secret.ts";
import { AppError } from "../errors.ts";
import { isCurrentScheme } from "../pkcs12/encryption_scheme.ts";
import { OID } from "../pkcs12/oid.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import { newSafeBag, type SafeBag } from "../pkcs12/safe_bag.ts";
import { decodeSecretBag, openSecretBag, sealSecretBag } from "../pkcs12/secret_bag.ts";

/** MetricsHub protects each API key with this password, in every keystore. */
export const ENTRY_PASSWORD = "secret";

const NAME_PREFIX = "api_key:";
const EXPIRY_SEPARATOR = "__";
const CREATION_DATE = /^Time (\d{1,15})$/;
const SHOWN_CHARACTERS = 4;

/**
 * An API key's bag. It is opened when somebody asks what is in it: whoever adds or removes a key
 * need not derive the keys of all the others.
 */
export class ApiKeyEntry {
  readonly alias: Alias;
  readonly bag: SafeBag;
  #key: Promise<ApiKey> | undefined;

  /** @param key what is in the bag, where that is known already */
  constructor(alias: Alias, bag: SafeBag, key?: ApiKey) {
    this.alias = alias;
    this.bag = bag;
    this.#key = key && Promise.resolve(key);
  }

  /**
   * What is in the bag. One that does not open with the entry password, or whose expiry no Java
   * program could parse, is a key all the same: without `lastCharacters`, there to be revoked.
   */
  open(keys: PasswordKeys): Promise<ApiKey> {
    return this.#key ??= this.#open(keys);
  }

  /**
   * The same entry on a bag that is the same octet for octet, but a view of another file's octets:
   * those of the earlier file can go.
   */
  on(bag: SafeBag): ApiKeyEntry {
    const entry = new ApiKeyEntry(this.alias, bag);
    entry.#key = this.#key;
    return entry;
  }

  /** The bag's salt, where a new bag may share its derivation. */
  sharableSalt(): Uint8Array | undefined {
    if (this.bag.bagId !== OID.SECRET_BAG) return undefined;
    try {
      const { scheme } = decodeSecretBag(this.bag.bagValue);
      return isCurrentScheme(scheme) ? scheme.salt : undefined;
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  async #open(keys: PasswordKeys): Promise<ApiKey> {
    const key = { alias: this.alias, createdAt: creationDate(this.bag) };
    try {
      const payload = await openSecretBag(decodeSecretBag(requireSecretBag(this.bag)), keys);
      const { lastCharacters, expiry } = decodePayload(payload);
      payload.fill(0);
      return { ...key, lastCharacters, expiry };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { ...key, lastCharacters: undefined, expiry: undefined };
    }
  }
}

/** @returns undefined for a bag that is not an API key's */
export function apiKeyAlias(bag: SafeBag): Alias | undefined {
  // Java compares names in lower case, whatever the file has.
  const name = bag.friendlyName?.toLowerCase();
  return name?.startsWith(NAME_PREFIX) ? lookupAlias(name.slice(NAME_PREFIX.length)) : undefined;
}

export interface NewApiKey {
  readonly alias: Alias;
  readonly secret: Secret;
  readonly createdAt: Instant;
  readonly expiry: Expiry | undefined;
}

/** Makes the bag for a new key, as Java would. */
export async function sealApiKeyEntry(
  { alias, secret, createdAt, expiry }: NewApiKey,
  keys: PasswordKeys,
  salt: Uint8Array | undefined,
): Promise<ApiKeyEntry> {
  const key = secret.reveal();
  const text = expiry === undefined ? key : `${key}${EXPIRY_SEPARATOR}${expiry.expiresOn}`;
  const payload = Buffer.from(text, "utf8");
  const bagValue = await sealSecretBag(payload, keys, salt);
  payload.fill(0);
  const localKeyId = Buffer.from(`Time ${createdAt}`, "latin1");
  const bag = newSafeBag(OID.SECRET_BAG, bagValue, NAME_PREFIX + alias, localKeyId);
  const lastCharacters = lastCharactersOf(key);
  return new ApiKeyEntry(alias, bag, { alias, createdAt, expiry, lastCharacters });
}

function requireSecretBag(bag: SafeBag): Uint8Array {
  if (bag.bagId === OID.SECRET_BAG) return bag.bagValue;
  throw new AppError("ERR_KEYSTORE_UNSUPPORTED", "an API key in a bag of another kind");
}

function decodePayload(payload: Uint8Array) {
  const [key = "", expiresOn] = Buffer.from(payload).toString("utf8").split(EXPIRY_SEPARATOR);
  const expiry = expiresOn === undefined ? undefined : parseExpiry(expiresOn);
  if (expiresOn !== undefined && expiry === undefined) {
    throw new AppError("ERR_KEYSTORE_UNSUPPORTED", "an API key with an expiry that is no date");
  }
  return { lastCharacters: lastCharactersOf(key), expiry };
}

function lastCharactersOf(key: string): string {
  // A key so short that these would be much of it is not shown at all.
  return key.length >= 4 * SHOWN_CHARACTERS ? key.slice(-SHOWN_CHARACTERS) : "";
}

/** Java keeps an entry's creation date in localKeyID, as `Time <milliseconds since 1970>`. */
function creationDate(bag: SafeBag): Instant | undefined {
  const text = bag.localKeyId && Buffer.from(bag.localKeyId).toString("latin1");
  const [, epochMs] = CREATION_DATE.exec(text ?? "") ?? [];
  return epochMs === undefined ? undefined : parseEpochMs(Number(epochMs));
}
