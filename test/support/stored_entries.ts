import { readFileSync } from "node:fs";
import { AUDIT_ENTRY } from "../../src/keystore/audit_entry.ts";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { Secret } from "../../src/model/secret.ts";
import { portablePkcs12Kdf } from "../../src/pkcs12/key_derivation.ts";
import { PasswordKeys } from "../../src/pkcs12/password_keys.ts";
import { decodePfx } from "../../src/pkcs12/pfx.ts";
import { platform } from "./open_keystore.ts";

const PREFIX = "api_key:";

/** What is in a keystore's file, whatever a daemon makes of it. */
export interface StoredEntries {
  /** In file order. */
  readonly aliases: readonly string[];
  /**
   * The octets of the entries that are no API keys, in hex, by name: neither Java nor we have reason
   * to encrypt them anew. Without what the audit log is signed with, which the first change adds.
   */
  readonly others: Readonly<Record<string, string>>;
}

/** @throws AppError for a file that does not open */
export async function readStoredEntries(keystore: string): Promise<StoredEntries> {
  const kdf = platform.pkcs12Kdf ?? portablePkcs12Kdf;
  const keys = new PasswordKeys(new Secret(BUILT_IN_PASSWORD), kdf);
  const { contents } = await decodePfx(readFileSync(keystore), keys);
  const bags = contents.flatMap((content) => content.bags ?? []);
  const entries = bags.map((bag) => [bag.friendlyName ?? "", bag.bagValue.toHex()] as const);
  const isKey = ([name]: readonly [string, string]) => name.startsWith(PREFIX);
  return {
    aliases: entries.filter(isKey).map(([name]) => name.slice(PREFIX.length)),
    others: Object.fromEntries(
      entries.filter((entry) => !isKey(entry) && entry[0] !== AUDIT_ENTRY),
    ),
  };
}
