import type { Alias } from "../model/alias.ts";
import { Secret } from "../model/secret.ts";
import { PasswordKeys } from "../pkcs12/password_keys.ts";
import { decodePfx } from "../pkcs12/pfx.ts";
import type { Pkcs12Kdf } from "../platform/pkcs12_kdf.ts";
import { type ApiKeyEntry, ENTRY_PASSWORD } from "./api_key_entry.ts";
import { indexContent } from "./keystore_content.ts";
import { openEntries } from "./open_entries.ts";
import { BUILT_IN_PASSWORD } from "./store_password.ts";

/** An API key of another keystore, opened, and those that it has taken the place of. */
export interface ForeignKey {
  readonly entry: ApiKeyEntry;
  readonly retired: readonly ApiKeyEntry[];
}

export interface ForeignKeystore {
  /** How many API keys there are, without those that others have taken the place of. */
  readonly total: number;
  /** What was asked for, in file order. */
  readonly keys: readonly ForeignKey[];
  readonly otherEntries: number;
  /** Whether part of it is encrypted in a way that is not supported. */
  readonly isPartial: boolean;
}

export interface ForeignKeystoreOptions {
  /** undefined for MetricsHub's built-in one */
  readonly password: Secret | undefined;
  readonly pkcs12Kdf: Pkcs12Kdf;
  readonly offset: number;
  readonly limit: number;
}

/**
 * Opens part of a keystore that is not ours.
 *
 * @throws AppError ERR_KEYSTORE_UNREADABLE for a wrong password and for a damaged file alike,
 *   ERR_KEYSTORE_UNSUPPORTED for what is out of reason
 */
export async function openForeignKeystore(
  bytes: Uint8Array,
  { password = new Secret(BUILT_IN_PASSWORD), pkcs12Kdf, offset, limit }: ForeignKeystoreOptions,
): Promise<ForeignKeystore> {
  const pfx = await decodePfx(bytes, new PasswordKeys(password, pkcs12Kdf));
  const entryKeys = new PasswordKeys(new Secret(ENTRY_PASSWORD), pkcs12Kdf);
  const { entries, otherEntries } = indexContent(pfx, entryKeys);
  const current: ApiKeyEntry[] = [];
  const retired = new Map<Alias, ApiKeyEntry[]>();
  for (const entry of entries.values()) {
    const owner = entry.replacedBy;
    if (owner === undefined) current.push(entry);
    else retired.set(owner, [...retired.get(owner) ?? [], entry]);
  }
  const keys = current.slice(offset, offset + limit)
    .map((entry) => ({ entry, retired: retired.get(entry.alias) ?? [] }));
  await openEntries(keys.flatMap(({ entry, retired }) => [entry, ...retired]), entryKeys);
  const isPartial = pfx.contents.some(({ bags }) => bags === undefined);
  return { total: current.length, keys, otherEntries, isPartial };
}
