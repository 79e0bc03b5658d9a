import { printable } from "../model/printable.ts";
import type { Keystore, ReadableKeystore } from "../keystore/keystore.ts";
import { openKeys } from "../keystore/keystore_content.ts";
import type { PasswordSource } from "../keystore/store_password.ts";

export interface KeystoreStatus {
  readonly path: string;
  readonly exists: boolean;
  readonly keys: number;
  readonly otherEntries: number;
  readonly password:
    | { readonly source: PasswordSource; readonly path: string | undefined }
    | undefined;
  /** Full sentences for an operator, each with what to do about it. */
  readonly warnings: readonly string[];
}

/** What an operator wants to know about the keystore, without anything secret. */
export class StatusService {
  readonly #keystore: Keystore;

  constructor(keystore: Keystore) {
    this.#keystore = keystore;
  }

  /** @throws AppError ERR_KEYSTORE_* */
  async status(): Promise<KeystoreStatus> {
    const open = await this.#keystore.read();
    const { content, stored } = open;
    return {
      path: this.#keystore.path,
      exists: stored !== undefined,
      keys: content.entries.size,
      otherEntries: content.otherEntries,
      password: stored && { source: stored.password.source, path: stored.password.path },
      warnings: [
        ...faultWarnings(open),
        ...passwordWarnings(open),
        ...modeWarnings(open),
        ...await entryWarnings(open),
      ],
    };
  }
}

function faultWarnings({ fault }: ReadableKeystore): string[] {
  if (fault === undefined) return [];
  return [
    `The keystore is DAMAGED OR GONE (${fault.message}). What is served is its last good state, ` +
    "and nothing can be changed: save that state with `apikey keystore backup FILE`, then " +
    "`apikey keystore restore FILE`.",
  ];
}

function passwordWarnings({ stored }: ReadableKeystore): string[] {
  if (stored?.password.source !== "metricshub-built-in") return [];
  return [
    "The keystore's password is MetricsHub's built-in one, which is public: " +
    "whoever can read the file can open it.",
  ];
}

function modeWarnings({ stored }: ReadableKeystore): string[] {
  const files = [["keystore", stored?.mode], ["password file", stored?.password.mode]] as const;
  return files.filter(([, mode]) => ((mode ?? 0) & 0o007) !== 0).map(([name]) =>
    `Every user of this host can read the ${name}: chmod o= it.`
  );
}

async function entryWarnings({ content }: ReadableKeystore): Promise<string[]> {
  const warnings: string[] = [];
  for (const key of await openKeys(content)) {
    if (key.lastCharacters !== undefined) continue;
    warnings.push(
      `The entry of alias '${printable(key.alias)}' cannot be opened, and MetricsHub finds no ` +
        "key behind it: revoke it.",
    );
  }
  if (content.pfx.contents.some(({ bags }) => bags === undefined)) {
    warnings.push("Part of the keystore is encrypted in a way that is not supported; it is kept.");
  }
  return warnings;
}
