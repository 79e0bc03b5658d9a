import { closeSync, copyFileSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { parseAlias } from "../../src/model/alias.ts";
import { systemClock } from "../../src/model/instant.ts";
import type { Secret } from "../../src/model/secret.ts";
import { KeyService } from "../../src/service/keys.ts";
import { startJavaTool } from "../../test/support/java.ts";
import { openKeystore } from "../../test/support/open_keystore.ts";

/** Who has written the keys of a keystore: Java salts every one of them anew. */
export type Writer = "apikey" | "java";

/** Writes a keystore of the API keys k0, k1, … under MetricsHub's built-in password. */
export async function writeKeystore(
  folder: string,
  writer: Writer,
  count: number,
): Promise<string> {
  const file = join(folder, `${writer}-${count}.p12`);
  const java = await startJavaTool();
  try {
    await java.create(file, BUILT_IN_PASSWORD);
    if (writer === "java") await java.fill(file, BUILT_IN_PASSWORD, count);
  } finally {
    await java.close();
  }
  if (writer === "apikey") await addKeys(file, 0, count);
  return file;
}

/**
 * Adds the keys from k`first` on in one go: what a daemon does for clients that all ask at once,
 * without the asking.
 *
 * @returns the keys themselves, in keystore order
 */
export async function addKeys(file: string, first: number, count: number): Promise<Secret[]> {
  const keys = new KeyService({ keystore: openKeystore(file), clock: systemClock });
  const names = Array.from({ length: count }, (_, i) => parseAlias(`k${first + i}`));
  const created = await Promise.all(names.map((alias) => keys.create(alias)));
  return created.map(({ secret }) => secret);
}

/** Copies a keystore down to the disk, lest the next fsync(2) has to wait for the copy. */
export function copyKeystore(from: string, to: string): void {
  copyFileSync(from, to);
  const descriptor = openSync(to, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
