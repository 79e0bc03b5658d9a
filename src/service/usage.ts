import { AppError } from "../errors.ts";
import { type ApiKey, lastUse } from "../model/api_key.ts";
import type { Instant } from "../model/instant.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { openKeys } from "../keystore/keystore_content.ts";
import type { UsageFile, UsageRecord } from "../keystore/usage_file.ts";

export interface UsageDependencies {
  readonly keystore: Keystore;
  readonly file: UsageFile;
  /** Takes what is wrong with the file, which keeps nobody from anything. */
  readonly complain: (error: AppError) => void;
}

/** How a key has been used. */
export interface Usage {
  readonly uses: number;
  readonly lastUsedAt: Instant | undefined;
}

/**
 * How keys have been used: counted with each key in memory, and added now and then to what the file
 * says of earlier times.
 */
export class UsageService {
  readonly #dependencies: UsageDependencies;
  /** What the file has; undefined as long as it could not be read. */
  #earlier: Map<string, UsageRecord> | undefined;
  #hasLooked = false;
  /** Whether the file is behind. */
  #isBehind = false;
  /** Whether the file has been complained about since it last worked. */
  #isFailing = false;
  #flushing: Promise<void> = Promise.resolve();

  constructor(dependencies: UsageDependencies) {
    this.#dependencies = dependencies;
  }

  of(key: ApiKey): Usage {
    if (!this.#hasLooked) this.#look();
    const earlier = this.#earlier?.get(idOf(key));
    return {
      uses: key.use.count + (earlier?.uses ?? 0),
      lastUsedAt: lastUse(key.use) ?? earlier?.lastUsedAt as Instant | undefined,
    };
  }

  /** Brings the file up to date; only the keystore's writer may do so. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#flush());
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  async #flush(): Promise<void> {
    const { keystore, file } = this.#dependencies;
    const { content, stored } = await keystore.read();
    if (stored === undefined) return;
    const keys = await openKeys(content);
    const used = keys.filter(({ use }) => use.count > 0);
    if (used.length === 0 && !this.#isBehind) return;
    const records = this.#earlier ?? this.#look();
    // A file that is there, and cannot be read just now, must not be written over.
    if (records === undefined) return;
    for (const key of used) {
      const { uses, lastUsedAt = 0 } = this.of(key);
      records.set(idOf(key), { uses, lastUsedAt });
      key.use.count = 0;
    }
    forgetOthers(records, keys);
    this.#isBehind = true;
    try {
      await file.write(records);
      this.#isBehind = this.#isFailing = false;
    } catch (error) {
      this.#complain(error);
    }
  }

  #look(): Map<string, UsageRecord> | undefined {
    this.#hasLooked = true;
    try {
      return this.#earlier = this.#dependencies.file.read();
    } catch (error) {
      const isDamaged = error instanceof AppError && error.code === "ERR_KEYSTORE_UNREADABLE";
      this.#complain(error);
      return this.#earlier = isDamaged ? new Map() : undefined;
    }
  }

  #complain(error: unknown): void {
    if (!(error instanceof AppError)) throw error;
    if (!this.#isFailing) this.#dependencies.complain(error);
    this.#isFailing = true;
  }
}

/** Of the key itself, whatever it is called: by when it was made, and what is shown of it. */
function idOf({ alias, createdAt, lastCharacters = "" }: ApiKey): string {
  return `${createdAt ?? alias}-${lastCharacters}`;
}

function forgetOthers(records: Map<string, UsageRecord>, keys: readonly ApiKey[]): void {
  const ids = new Set(keys.map(idOf));
  for (const id of records.keys()) if (!ids.has(id)) records.delete(id);
}
