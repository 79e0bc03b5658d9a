import { setImmediate } from "node:timers/promises";
import type { EncryptedPrivateKeyInfo } from "../pkcs12/encrypted_private_key_info.ts";
import {
  derivationName,
  deriveKeyMaterial,
  type EncryptionScheme,
  totalIterations,
} from "../pkcs12/encryption_scheme.ts";
import { checkTotalIterations } from "../pkcs12/limits.ts";
import type { PasswordKeys } from "../pkcs12/password_keys.ts";
import type { ApiKeyEntry, Derivation } from "./api_key_entry.ts";

/** One less than the threads there are to derive keys on: a save's fsync needs one, too. */
const PARALLEL_DERIVATIONS = 3;

/** How many bags to open before others get their turn; some milliseconds' worth. */
const OPENED_AT_ONCE = 500;

interface Group {
  readonly name: string;
  readonly scheme: EncryptionScheme;
  readonly members: { readonly entry: ApiKeyEntry; readonly sealed: EncryptedPrivateKeyInfo }[];
}

/**
 * Opens all entries that are not yet: at the cost of one derivation for each salt that occurs among
 * them, in parallel, and of one decryption for each entry.
 *
 * @throws AppError ERR_KEYSTORE_UNSUPPORTED where the derivations would take too long
 */
export async function openEntries(
  entries: Iterable<ApiKeyEntry>,
  keys: PasswordKeys,
): Promise<void> {
  const groups = [...groupBySalt(entries).values()];
  checkTotalIterations(groups.map(({ scheme }) => totalIterations(scheme)));
  const waiting = groups.values();
  const work = async () => {
    for (const group of waiting) await openGroup(group, keys);
  };
  await Promise.all(Array.from({ length: PARALLEL_DERIVATIONS }, work));
}

function groupBySalt(entries: Iterable<ApiKeyEntry>): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    if (entry.key !== undefined) continue;
    const sealed = entry.sealed();
    if (sealed === undefined) {
      entry.open(undefined, undefined);
      continue;
    }
    const { scheme } = sealed;
    const name = derivationName(scheme);
    let group = groups.get(name);
    if (group === undefined) groups.set(name, group = { name, scheme, members: [] });
    group.members.push({ entry, sealed });
  }
  return groups;
}

async function openGroup({ name, scheme, members }: Group, keys: PasswordKeys): Promise<void> {
  const derivation: Derivation = { name, material: await deriveKeyMaterial(scheme, keys) };
  for (const [index, { entry, sealed }] of members.entries()) {
    if (entry.key === undefined) entry.open(sealed, derivation);
    if (index % OPENED_AT_ONCE === OPENED_AT_ONCE - 1) await setImmediate();
  }
}
