import { AppError } from "../errors.ts";
import type { ApiKey } from "../model/api_key.ts";
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
  #earlier: Map<string, UsageRecord> | undefined;
  /** Whether the file is behind. */
  #isBehind = false;
  /** Whether the file has been complained about since it last worked. */
  #isFailing = false;

  constructor(dependencies: UsageDependencies) {
    this.#dependencies = dependencies;
  }

  of(key: ApiKey): Usage {
    const earlier = this.#records().get(idOf(key));
    const { count, lastUsedAt } = key.use;
    return {
      uses: count + (earlier?.uses ?? 0),
      lastUsedAt: (count > 0 ? lastUsedAt : earlier?.lastUsedAt) as Instant | undefined,
    };
  }

  /** Brings the file up to date; only the keystore's writer may do so. */
  async flush(): Promise<void> {
    const { keystore, file } = this.#dependencies;
    const { content, stored } = await keystore.read();
    if (stored === undefined) return;
    const keys = await openKeys(content);
    const used = keys.filter(({ use }) => use.count > 0);
    if (used.length === 0 && !this.#isBehind) return;
    const records = this.#records();
    for (const key of used) {
      const { uses, lastUsedAt = 0 } = this.of(key);
      records.set(idOf(key), { uses, lastUsedAt });
      key.use.count = 0;
    }
    forgetOthers(records, keys);
    this.#isBehind = true;
    await this.#trying(() => file.write(records));
  }

  async #trying(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.#isBehind = this.#isFailing = false;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (!this.#isFailing) this.#dependencies.complain(error);
      this.#isFailing = true;
    }
  }

  #records(): Map<string, UsageRecord> {
    return this.#earlier ??= this.#read();
  }

  /** A file that cannot be read is begun anew. */
  #read(): Map<string, UsageRecord> {
    try {
      return this.#dependencies.file.read();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#dependencies.complain(error);
      return new Map();
    }
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
