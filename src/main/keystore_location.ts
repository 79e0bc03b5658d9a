import { resolve } from "node:path";
import process from "node:process";
import type { TargetSettings } from "../cli/settings.ts";
import type { WriterLockOptions } from "../keystore/writer_lock.ts";
import { defaultKeystore, defaultSocket } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";

const LOCK_TIMEOUT_MS = 10_000;

export interface KeystoreLocation {
  readonly path: string;
  /** Whether no command names it: the one of this host. */
  readonly isDefault: boolean;
  /** Whether nobody has said anything of where it is, the configuration file included. */
  readonly isBuiltIn: boolean;
  readonly passwordFile: string | undefined;
  readonly generations: number;
  /** A path, `journal` or `none`; undefined for one beside the keystore. */
  readonly auditLog: string | undefined;
}

export function locateKeystore(settings: TargetSettings): KeystoreLocation {
  const { keystore, configured, passwordFile, generations, auditLog } = settings;
  const named = keystore ?? configured.keystore;
  return {
    path: resolve(named ?? defaultKeystore(process)),
    isDefault: keystore === undefined,
    isBuiltIn: named === undefined,
    passwordFile,
    generations,
    auditLog,
  };
}

/** Where to listen, or to ask. */
export function locateSocket({ socket, configured }: TargetSettings): string {
  return socket ?? configured.socket ?? defaultSocket(process);
}

export function lockOptions(
  platform: Platform,
  { path, isBuiltIn }: KeystoreLocation,
): WriterLockOptions {
  return {
    keystorePath: path,
    platform,
    mayBeDenied: isOrdinaryUser(platform),
    timeoutMs: LOCK_TIMEOUT_MS,
    createFolder: isBuiltIn,
  };
}

/** Whether a denied permission means "ask an administrator" rather than a fault. */
export function isOrdinaryUser({ self }: Platform): boolean {
  return self.uid !== 0 || self.isConfined;
}

/** As whom files are read and written. */
export function identityOn(platform: Platform) {
  const uid = process.platform === "win32" ? undefined : platform.self.uid;
  return { mayBeDenied: isOrdinaryUser(platform), uid, guardedFiles: platform.guardedFiles };
}
