import { resolve } from "node:path";
import process from "node:process";
import type { TargetSettings } from "../cli/settings.ts";
import type { WriterLockOptions } from "../keystore/writer_lock.ts";
import { defaultKeystore } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";

const LOCK_TIMEOUT_MS = 10_000;

export interface KeystoreLocation {
  readonly path: string;
  /** Whether nobody named the path. */
  readonly isDefault: boolean;
  readonly passwordFile: string | undefined;
  readonly generations: number;
  /** A path, `journal` or `none`; undefined for one beside the keystore. */
  readonly auditLog: string | undefined;
}

export function locateKeystore(settings: TargetSettings): KeystoreLocation {
  const { keystore, passwordFile, generations, auditLog } = settings;
  const path = resolve(keystore ?? defaultKeystore(process));
  return { path, isDefault: keystore === undefined, passwordFile, generations, auditLog };
}

export function lockOptions(
  platform: Platform,
  { path, isDefault }: KeystoreLocation,
): WriterLockOptions {
  return {
    keystorePath: path,
    platform,
    mayBeDenied: isOrdinaryUser(platform),
    timeoutMs: LOCK_TIMEOUT_MS,
    createFolder: isDefault,
  };
}

/** Whether a denied permission means "ask an administrator" rather than a fault. */
export function isOrdinaryUser({ self }: Platform): boolean {
  return self.uid !== 0 || self.isConfined;
}

/** As whom files are read and written. */
export function identityOn(platform: Platform) {
  const uid = process.platform === "win32" ? undefined : platform.self.uid;
  return { mayBeDenied: isOrdinaryUser(platform), uid };
}
