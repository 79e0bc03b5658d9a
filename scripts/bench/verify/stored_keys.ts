import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSize } from "../keystore/costs.ts";
import { addKeys, copyKeystore, writeKeystore } from "../keystores.ts";

/** The same keys for every subject. */
export interface StoredKeys {
  /** In keystore order; key number i has the alias `k<i>`. */
  readonly keys: readonly string[];
  /** Their keystore, of apikey's writing. */
  readonly keystore: string;
  /** A JSON array of them, for programs that know no keystores. */
  readonly list: string;
}

/** @param sizes in ascending order; the keys of one are the first of the next */
export async function storeKeys(folder: string, sizes: readonly number[]): Promise<StoredKeys[]> {
  const all: StoredKeys[] = [];
  let smaller = { keystore: await writeKeystore(folder, "apikey", 0), keys: [] as string[] };
  for (const size of sizes) {
    const keystore = join(folder, `${size}.p12`);
    const list = join(folder, `${size}.json`);
    copyKeystore(smaller.keystore, keystore);
    const added = await addKeys(keystore, smaller.keys.length, size - smaller.keys.length);
    const keys = [...smaller.keys, ...added.map((secret) => secret.reveal())];
    writeFileSync(list, JSON.stringify(keys), { mode: 0o600 });
    smaller = { keystore, keys };
    all.push({ keys, keystore, list });
  }
  return all;
}

export function describeKeys({ keys }: StoredKeys): string {
  return `${formatSize(keys.length)} keys`;
}
