import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { AppError } from "../../src/errors.ts";
import { Keystore } from "../../src/keystore/keystore.ts";
import { KeystoreFile } from "../../src/keystore/keystore_file.ts";
import { storePasswords } from "../../src/keystore/store_passwords.ts";
import { commandLock } from "../../src/keystore/writer_lock.ts";
import { UsageFile } from "../../src/keystore/usage_file.ts";
import { portablePkcs12Kdf } from "../../src/pkcs12/key_derivation.ts";
import type { Pkcs12Kdf } from "../../src/platform/pkcs12_kdf.ts";
import { pickPlatform } from "../../src/platform/pick_platform.ts";
import { UsageService } from "../../src/service/usage.ts";

export const platform = await pickPlatform(process);

/** Runs `work` with a folder of its own, which is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "apikey-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface OpenOptions {
  readonly passwordFile?: string;
  readonly credentialsFolder?: string;
  readonly file?: KeystoreFile;
  readonly timeoutMs?: number;
  readonly pkcs12Kdf?: Pkcs12Kdf;
}

/** The one that this platform has. */
export const pkcs12Kdf: Pkcs12Kdf = platform.pkcs12Kdf ?? portablePkcs12Kdf;

/** A keystore as a command opens it: real file, real lock. */
export function openKeystore(path: string, options: OpenOptions = {}): Keystore {
  return new Keystore({
    file: options.file ??
      new KeystoreFile({ path, mayBeDenied: false, uid: platform.self.uid, generations: 3 }),
    lock: commandLock({
      keystorePath: path,
      platform,
      mayBeDenied: false,
      timeoutMs: options.timeoutMs ?? 10_000,
      createFolder: false,
    }),
    pkcs12Kdf: options.pkcs12Kdf ?? pkcs12Kdf,
    passwords: storePasswords({
      keystorePath: path,
      passwordFile: options.passwordFile,
      credentialsFolder: options.credentialsFolder,
      mayBeDenied: false,
      uid: platform.self.uid,
    }),
  });
}

/** How its keys are used, beside it. */
export function openUsage(
  keystore: Keystore,
  complain: (error: AppError) => void = (error) => {
    throw error;
  },
): UsageService {
  const options = { keystorePath: keystore.path, mayBeDenied: false, uid: platform.self.uid };
  return new UsageService({ keystore, file: new UsageFile(options), complain });
}

/** Asserts that `work` fails with an AppError of this code, and gives its text. */
export async function failure(code: string, work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    const actual = (error as { code?: unknown }).code;
    if (actual !== code) throw error;
    return (error as Error).message;
  }
  throw new Error(`it did not fail with ${code}`);
}
