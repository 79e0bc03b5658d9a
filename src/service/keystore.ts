import { AppError } from "../errors.ts";
import type { Finding } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import { shellWord } from "../model/shell_word.ts";
import {
  describeEntries,
  type EntryDescription,
  examineEntries,
} from "../keystore/describe_entries.ts";
import type { Generation } from "../keystore/generations.ts";
import type { Keystore } from "../keystore/keystore.ts";
import type { OpenKeystore } from "../keystore/keystore_state.ts";
import { BUILT_IN_PASSWORD, type PasswordSource } from "../keystore/store_password.ts";
import { findIrregularities } from "./findings.ts";

export interface KeystoreInfo {
  readonly path: string;
  readonly bytes: number;
  readonly mac: { readonly digest: string; readonly iterations: number };
  readonly entries: readonly EntryDescription[];
  /** Earlier states beside the file, the newest first. */
  readonly generations: readonly Generation[];
}

export interface KeystoreCheck {
  readonly path: string;
  readonly exists: boolean;
  /** Whether the file, or at least its last good state, could be opened. */
  readonly opened: boolean;
  readonly keys: number;
  readonly otherEntries: number;
  readonly findings: readonly Finding[];
}

export interface RestoredKeystore {
  readonly keys: number;
  readonly otherEntries: number;
  /** Where the state that was replaced is kept; undefined if there was none. */
  readonly keptAt: string | undefined;
}

export interface RekeyedKeystore {
  readonly source: PasswordSource;
  /** Where the new password is. */
  readonly path: string | undefined;
}

/** The care of the keystore as a whole. Every method throws AppError ERR_KEYSTORE_*. */
export class KeystoreService {
  readonly #keystore: Keystore;
  readonly #socket: string | undefined;

  /** @param socket where a daemon listens */
  constructor(keystore: Keystore, socket: string | undefined) {
    this.#keystore = keystore;
    this.#socket = socket;
  }

  /** What is in the file, without anything secret. */
  async info(): Promise<KeystoreInfo> {
    const keystore = await this.#keystore.read();
    const { digest, iterations } = keystore.content.pfx.mac;
    return {
      path: this.#keystore.path,
      bytes: (await this.#keystore.copy()).length,
      mac: { digest, iterations },
      entries: await describeEntries(keystore),
      generations: this.#keystore.generations(),
    };
  }

  /** Opens everything there is to open, and looks at the files. */
  async check(): Promise<KeystoreCheck> {
    const { path } = this.#keystore;
    try {
      const keystore = await this.#keystore.read();
      const { content, stored } = keystore;
      const findings = await findIrregularities(keystore, this.#keystore, this.#socket);
      if (stored !== undefined) findings.push(...await this.#depthFindings(keystore));
      const { entries, otherEntries } = content;
      const exists = stored !== undefined;
      return { path, exists, opened: true, keys: entries.size, otherEntries, findings };
    } catch (error) {
      if (!(error instanceof AppError) || !isAboutContent(error)) throw error;
      const finding = unopenedFinding(error, this.#keystore.generations());
      return { path, exists: true, opened: false, keys: 0, otherEntries: 0, findings: [finding] };
    }
  }

  /** @returns the file's octets; @throws AppError ERR_KEYSTORE_MISSING */
  copy(): Promise<Uint8Array> {
    return this.#keystore.copy();
  }

  /**
   * Puts a copy in the keystore's place; what was there is kept.
   *
   * @param isForced also a copy of which parts cannot be opened
   * @throws AppError ERR_RESTORE_REFUSED
   */
  async restore(bytes: Uint8Array, isForced: boolean): Promise<RestoredKeystore> {
    const { open, keptAt } = await this.#keystore.restore(bytes, async (candidate) => {
      const findings = isForced ? [] : await unopenedEntries(candidate);
      const [first] = findings;
      if (first === undefined) return;
      const text = `it cannot be restored as a whole: ${first}; --force restores it all the same`;
      throw new AppError("ERR_RESTORE_REFUSED", text);
    });
    const { entries, otherEntries } = open.content;
    return { keys: entries.size, otherEntries, keptAt };
  }

  /**
   * Moves to another store password.
   *
   * @param newPassword undefined for systemd's credential or a random one
   * @param isForced also where MetricsHub will not be able to open the keystore any more
   * @throws AppError ERR_REKEY_REFUSED
   */
  async rekey(newPassword: Secret | undefined, isForced: boolean): Promise<RekeyedKeystore> {
    const { stored } = await this.#keystore.read();
    const isBuiltIn = stored?.password.secret.reveal() === BUILT_IN_PASSWORD;
    if (isBuiltIn && !isForced) {
      const text = "a MetricsHub that reads this keystore would lose access to it: it knows no " +
        "password but its built-in one; --force changes it all the same";
      throw new AppError("ERR_REKEY_REFUSED", text);
    }
    const { source, path } = await this.#keystore.rekey(newPassword);
    return { source, path };
  }

  async #depthFindings(keystore: OpenKeystore): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const text of await unopenedEntries(keystore, { apiKeys: false })) {
      findings.push({
        code: "entry-locked",
        severity: "warning",
        text,
        remedy: "ask whoever made it for its password, or remove it with keytool",
        command: undefined,
      });
    }
    return findings;
  }
}

/** What a whole keystore would not have, one sentence without its full stop each. */
async function unopenedEntries(
  open: OpenKeystore,
  { apiKeys } = { apiKeys: true },
): Promise<string[]> {
  const texts: string[] = [];
  for (const { kind, name = "", password } of await examineEntries(open)) {
    if (password !== "unknown" || (kind === "api-key" && !apiKeys)) continue;
    texts.push(`the entry '${name}' does not open with the store's or the entries' password`);
  }
  if (apiKeys && open.content.pfx.contents.some(({ bags }) => bags === undefined)) {
    texts.push("part of it is encrypted in a way that is not supported");
  }
  return texts;
}

function isAboutContent({ code }: AppError): boolean {
  return code === "ERR_KEYSTORE_UNREADABLE" || code === "ERR_KEYSTORE_UNSUPPORTED";
}

function unopenedFinding(error: AppError, generations: readonly Generation[]): Finding {
  const [newest] = generations;
  const restore = newest === undefined ? "a backup" : newest.path;
  const remedy = "if the password is another one, give it with --password-file; else " +
    `apikey keystore restore ${restore}`;
  const command = newest && `apikey keystore restore ${shellWord(newest.path)}`;
  return { code: "keystore-unreadable", severity: "error", text: error.message, remedy, command };
}
