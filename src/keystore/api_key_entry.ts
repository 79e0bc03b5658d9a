import { type Alias, lookupAlias } from "../model/alias.ts";
import { type ApiKey, unused } from "../model/api_key.ts";
import type { Expiry } from "../model/expiry.ts";
import { type Instant, parseEpochMs } from "../model/instant.ts";
import { digestKey, type KeyDigest } from "../model/key_digest.ts";
import type { Secret } from "../model/secret.ts";
import { AppError } from "../errors.ts";
import type { MetadataChange } from "../model/key_metadata.ts";
import {
  decodePayload,
  encodePayload,
  fingerprintOf,
  lastCharactersOf,
  withExpiry,
} from "./api_key_payload.ts";
import { readMetadata, withMetadata } from "./metadata_attribute.ts";
import {
  type EncryptedPrivateKeyInfo,
  openPrivateKeyInfo,
  resealPrivateKeyInfo,
  sealPrivateKeyInfo,
} from "../pkcs12/encrypted_private_key_info.ts";
import {
  derivationName,
  deriveKeyMaterial,
  type KeyMaterial,
  newEncryptionScheme,
} from "../pkcs12/encryption_scheme.ts";
import { OID } from "../pkcs12/oid.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import { newSafeBag, type SafeBag } from "../pkcs12/safe_bag.ts";
import { protectedContent, withProtectedContent } from "../pkcs12/protected_bag.ts";
import { encodeSecretBag } from "../pkcs12/secret_bag.ts";

/** MetricsHub protects each API key with this password, in every keystore. */
export const ENTRY_PASSWORD = "secret";

const NAME_PREFIX = "api_key:";
/** Of keys that MetricsHub must not find. */
const DISABLED_PREFIX = "disabled_api_key:";
const CREATION_DATE = /^Time (\d{1,15})$/;

/** What an entry tells once it has been opened. */
export interface OpenedKey {
  readonly key: ApiKey;
  /** undefined if the entry cannot be opened */
  readonly digest: KeyDigest | undefined;
  /** See `uuidFingerprint`; undefined for what is no UUID. */
  readonly fingerprint: number | undefined;
}

/** Key material and the name by which to tell it from others: see {@link derivationName}. */
export interface Derivation {
  readonly name: string;
  readonly material: KeyMaterial;
}

/**
 * An API key's bag. It is opened when somebody asks what is in it: whoever adds or removes a key
 * need not derive the keys of all the others.
 */
export class ApiKeyEntry {
  readonly alias: Alias;
  readonly bag: SafeBag;
  /** Further bags of the same alias, as only a program that garbled the file leaves them. */
  readonly shadowed: readonly SafeBag[];
  #opened: OpenedKey | undefined;
  #derivation: Derivation | undefined;

  /**
   * @param opened what is in the bag, where that is known already
   * @param derivation what opens it then
   */
  constructor(
    alias: Alias,
    bag: SafeBag,
    shadowed: readonly SafeBag[] = [],
    opened?: OpenedKey,
    derivation?: Derivation,
  ) {
    this.alias = alias;
    this.bag = bag;
    this.shadowed = shadowed;
    this.#opened = opened;
    this.#derivation = derivation;
  }

  /** MetricsHub does not look at what is named otherwise than it names its keys. */
  get isDisabled(): boolean {
    return hasPrefix(this.bag, DISABLED_PREFIX);
  }

  /** See {@link KeyMetadata}. */
  get replacedBy(): Alias | undefined {
    return (this.key?.metadata ?? readMetadata(this.bag)).replacedBy;
  }

  /** What is in the bag, once it has been opened. */
  get key(): ApiKey | undefined {
    return this.#opened?.key;
  }

  /** By which to recognise the key, once the bag has been opened. */
  get digest(): KeyDigest | undefined {
    return this.#opened?.digest;
  }

  /** By which to find the key among others' octets, once the bag has been opened. */
  get fingerprint(): number | undefined {
    return this.#opened?.fingerprint;
  }

  /** With what the bag was opened, unless it did not open or is not yet. */
  get derivation(): Derivation | undefined {
    return this.#derivation;
  }

  /** The bag as far as it can be seen without a password; undefined where it is no SecretBag. */
  sealed(): EncryptedPrivateKeyInfo | undefined {
    return this.bag.bagId === OID.SECRET_BAG ? protectedContent(this.bag) : undefined;
  }

  /**
   * Opens the bag. One that does not open with the entry password, or whose expiry no Java program
   * could parse, is a key all the same: without `lastCharacters`, there to be revoked.
   */
  open(sealed: EncryptedPrivateKeyInfo | undefined, derivation: Derivation | undefined): void {
    const { alias, isDisabled } = this;
    const createdAt = creationDate(this.bag);
    const metadata = readMetadata(this.bag);
    try {
      if (sealed === undefined || derivation === undefined) throw cannotOpen();
      const { privateKey } = openPrivateKeyInfo(sealed, derivation.material);
      const { digest, fingerprint, lastCharacters, expiry } = decodePayload(privateKey);
      this.#derivation = derivation;
      const use = unused();
      // What a check looks at first, so that it lies together in memory.
      const key = { alias, expiry, isDisabled, metadata, use, createdAt, lastCharacters };
      this.#opened = { key, digest, fingerprint };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const nothing = { lastCharacters: undefined, expiry: undefined, use: unused() };
      this.#opened = {
        key: { alias, createdAt, ...nothing, isDisabled, metadata },
        digest: undefined,
        fingerprint: undefined,
      };
    }
  }

  /**
   * The same entry on a bag that is the same octet for octet, but a view of another file's octets:
   * those of the earlier file can go.
   */
  on(bag: SafeBag): ApiKeyEntry {
    return this.#with(bag, this.#derivation);
  }

  /** The same entry, once opened, encrypted anew with what `derivation` names. */
  resealed(derivation: Derivation, salt: Uint8Array): ApiKeyEntry {
    const sealed = this.sealed();
    if (sealed === undefined || this.#derivation === undefined) {
      throw new TypeError("an entry that has not been opened");
    }
    const scheme = newEncryptionScheme(salt);
    const { material } = this.#derivation;
    const content = resealPrivateKeyInfo(sealed, material, scheme, derivation.material);
    return this.#with(withProtectedContent(this.bag, content), derivation);
  }

  /** The same key, once opened, under another name or with other metadata, and alone there. */
  revised({ alias = this.alias, isDisabled = this.isDisabled, metadata }: Revision): ApiKeyEntry {
    if (this.#opened === undefined) throw new TypeError("an entry that has not been opened");
    const name = entryName(alias, isDisabled);
    const isNamed = this.bag.friendlyName?.toLowerCase() === name;
    const named = isNamed ? this.bag : this.bag.withFriendlyName(name);
    const bag = metadata === undefined ? named : withMetadata(named, metadata);
    const key = { ...this.#opened.key, alias, isDisabled, metadata: readMetadata(bag) };
    return new ApiKeyEntry(alias, bag, [], { ...this.#opened, key }, this.#derivation);
  }

  /** A new key with what has been said of another one, by whomever. */
  describedAs({ bag: other }: ApiKeyEntry): ApiKeyEntry {
    if (this.#opened === undefined) throw new TypeError("an entry that has not been opened");
    const { bagId, bagValue, friendlyName = "", localKeyId = new Uint8Array() } = this.bag;
    const bag = other.bagId === bagId
      ? other.withBagValue(bagValue).withFriendlyName(friendlyName).withLocalKeyId(localKeyId)
      : this.bag;
    const key = { ...this.#opened.key, metadata: readMetadata(bag) };
    return new ApiKeyEntry(this.alias, bag, [], { ...this.#opened, key }, this.#derivation);
  }

  /**
   * The same key, once opened, under another alias and until another expiry, as one that another key
   * has taken the place of.
   *
   * @throws AppError ERR_METADATA_UNSUPPORTED
   */
  async retired(
    { alias, expiry }: Retirement,
    keys: PasswordKeys,
    salt: Uint8Array,
  ): Promise<ApiKeyEntry> {
    const sealed = this.sealed();
    if (sealed === undefined || this.#opened === undefined || this.#derivation === undefined) {
      throw new TypeError("an entry that has not been opened");
    }
    const described = withMetadata(this.bag, { replacedBy: this.alias });
    const scheme = newEncryptionScheme(salt);
    const material = await deriveKeyMaterial(scheme, keys);
    const { algorithm, privateKey } = openPrivateKeyInfo(sealed, this.#derivation.material);
    const payload = withExpiry(privateKey, expiry);
    const content = sealPrivateKeyInfo({ algorithm, privateKey: payload }, scheme, material);
    payload.fill(0);
    const bag = withProtectedContent(described, content).withFriendlyName(NAME_PREFIX + alias);
    const key = { ...this.#opened.key, alias, expiry, metadata: readMetadata(bag) };
    const derivation = { name: derivationName(scheme), material };
    return new ApiKeyEntry(alias, bag, [], { ...this.#opened, key }, derivation);
  }

  #with(bag: SafeBag, derivation: Derivation | undefined): ApiKeyEntry {
    return new ApiKeyEntry(this.alias, bag, this.shadowed, this.#opened, derivation);
  }
}

/** @returns undefined for a bag that is not an API key's, disabled or not */
export function apiKeyAlias(bag: SafeBag): Alias | undefined {
  const prefix = [NAME_PREFIX, DISABLED_PREFIX].find((each) => hasPrefix(bag, each));
  return prefix === undefined ? undefined : lookupAlias(bag.friendlyName!.slice(prefix.length));
}

/** The friendlyName of an API key's bag. */
export function entryName(alias: Alias, isDisabled: boolean): string {
  return (isDisabled ? DISABLED_PREFIX : NAME_PREFIX) + alias;
}

/** Java compares names in lower case, whatever the file has. */
function hasPrefix({ friendlyName }: SafeBag, prefix: string): boolean {
  return friendlyName?.slice(0, prefix.length).toLowerCase() === prefix;
}

/** What is to be different; undefined for what stays. */
export interface Revision {
  readonly alias?: Alias | undefined;
  readonly isDisabled?: boolean | undefined;
  readonly metadata?: MetadataChange | undefined;
}

export interface Retirement {
  readonly alias: Alias;
  readonly expiry: Expiry;
}

export interface NewApiKey {
  readonly alias: Alias;
  readonly secret: Secret;
  readonly createdAt: Instant;
  readonly expiry: Expiry | undefined;
  readonly metadata?: MetadataChange | undefined;
}

/** Makes the bag for a new key, as Java would. */
export async function sealApiKeyEntry(
  { alias, secret, createdAt, expiry, metadata: said = {} }: NewApiKey,
  keys: PasswordKeys,
  salt: Uint8Array,
): Promise<{ entry: ApiKeyEntry; key: ApiKey }> {
  const octets = Buffer.from(secret.reveal(), "utf8");
  const payload = encodePayload(octets, expiry);
  const scheme = newEncryptionScheme(salt);
  const material = await deriveKeyMaterial(scheme, keys);
  const info = { algorithm: OID.AES, privateKey: payload };
  const bagValue = encodeSecretBag(sealPrivateKeyInfo(info, scheme, material));
  const lastCharacters = lastCharactersOf(octets);
  const [digest, fingerprint] = [digestKey(octets), fingerprintOf(octets)];
  payload.fill(0);
  octets.fill(0);
  const localKeyId = Buffer.from(`Time ${createdAt}`, "latin1");
  const bare = newSafeBag(OID.SECRET_BAG, bagValue, NAME_PREFIX + alias, localKeyId);
  const bag = withMetadata(bare, said);
  const isDisabled = false;
  const metadata = readMetadata(bag);
  const use = unused();
  const key = { alias, expiry, isDisabled, metadata, use, createdAt, lastCharacters };
  const derivation = { name: derivationName(scheme), material };
  return { entry: new ApiKeyEntry(alias, bag, [], { key, digest, fingerprint }, derivation), key };
}

function cannotOpen(): AppError {
  return new AppError("ERR_KEYSTORE_UNSUPPORTED", "an API key in a bag of another kind");
}

/** Java keeps an entry's creation date in localKeyID, as `Time <milliseconds since 1970>`. */
export function creationDate(bag: SafeBag): Instant | undefined {
  const text = bag.localKeyId && Buffer.from(bag.localKeyId).toString("latin1");
  const [, epochMs] = CREATION_DATE.exec(text ?? "") ?? [];
  return epochMs === undefined ? undefined : parseEpochMs(Number(epochMs));
}
