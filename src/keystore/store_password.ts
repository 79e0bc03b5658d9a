import { extname } from "node:path";
import type { Secret } from "../model/secret.ts";
import type { PasswordFileOptions } from "./password_file.ts";

/** The password of every MetricsHub install, public in MetricsHub's sources. */
export const BUILT_IN_PASSWORD =
  "Matrix, Credits: Bertrand, Elvis, Fadhela, Huan, Nassim, Ramassh and Thomas";

export const PASSWORD_SOURCES = [
  "password-file",
  "systemd-credential",
  "keystore-folder",
  "metricshub-built-in",
] as const;

export type PasswordSource = (typeof PASSWORD_SOURCES)[number];

export interface StorePassword {
  readonly secret: Secret;
  readonly source: PasswordSource;
  readonly path: string | undefined;
  /** The permission bits of the file at `path`. */
  readonly mode: number | undefined;
  /**
   * Whether `path` is not the place itself that `source` names, but its successor: the same with
   * `.new` behind it. A rekeying puts the new password there until the keystore has it, as two files
   * cannot change in one instant; whoever finds that the password does not open the keystore tries
   * the successor.
   */
  readonly isSuccessor: boolean;
}

export interface StorePasswordOptions extends PasswordFileOptions {
  /** From `--password-file`. */
  readonly passwordFile: string | undefined;
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsFolder: string | undefined;
}

/** Beside `metricshub-keystore.p12` it is `metricshub-keystore.password`. */
export function passwordPath({ keystorePath }: Pick<StorePasswordOptions, "keystorePath">): string {
  return `${keystorePath.slice(0, -extname(keystorePath).length || undefined)}.password`;
}

/** What {@link isUsableByJava} has against a password. */
export const NOT_FOR_JAVA =
  "other than printable ASCII characters, with which Java could not open it";

/** Java's password-based encryption takes ASCII only. */
export function isUsableByJava(secret: Secret): boolean {
  return /^[\x20-\x7e]+$/.test(secret.reveal());
}
