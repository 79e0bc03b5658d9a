import { randomBytes } from "node:crypto";
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import { Secret } from "../model/secret.ts";
import { replaceFile } from "./atomic_file.ts";
import { inheritOwner } from "./file_owner.ts";
import { ioError } from "./io_error.ts";

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
}

export interface StorePasswordOptions {
  readonly keystorePath: string;
  /** From `--password-file`. */
  readonly passwordFile: string | undefined;
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsFolder: string | undefined;
  readonly mayBeDenied: boolean;
  /** The effective uid; undefined on Windows. */
  readonly uid: number | undefined;
}

const CREDENTIAL_NAME = "keystore-password";
const MAX_PASSWORD_BYTES = 4096;
const GENERATED_BYTES = 24;

/** The password to open an existing keystore with: the first of the places that names one. */
export function findStorePassword(options: StorePasswordOptions): StorePassword {
  return configuredPassword(options) ?? builtIn();
}

/**
 * The password for a keystore about to be created.
 *
 * @throws AppError ERR_KEYSTORE_UNSUPPORTED for one that Java could not use: its password-based
 *   encryption takes ASCII only
 */
export async function newStorePassword(options: StorePasswordOptions): Promise<StorePassword> {
  const configured = configuredPassword(options);
  if (configured === undefined) {
    return isMetricsHubInstall(options.keystorePath) ? builtIn() : await generate(options);
  }
  if (/^[\x20-\x7e]+$/.test(configured.secret.reveal())) return configured;
  throw new AppError(
    "ERR_KEYSTORE_UNSUPPORTED",
    `cannot create keystore ${options.keystorePath}: the password in ${configured.path} holds ` +
      "other than printable ASCII characters, with which Java could not open it",
  );
}

/** MetricsHub looks for its keystore in `security` beside the `bin` that it runs from. */
export function isMetricsHubInstall(keystorePath: string): boolean {
  const folder = dirname(keystorePath);
  return basename(folder) === "security" && existsSync(join(dirname(folder), "bin"));
}

function configuredPassword(options: StorePasswordOptions): StorePassword | undefined {
  const { passwordFile, credentialsFolder, mayBeDenied } = options;
  if (passwordFile !== undefined) {
    const password = readPassword(passwordFile, "password-file", mayBeDenied);
    if (password === undefined) throw noSuchFile(passwordFile);
    return password;
  }
  const places = [
    [credentialsFolder && join(credentialsFolder, CREDENTIAL_NAME), "systemd-credential"],
    [passwordPath(options), "keystore-folder"],
  ] as const;
  for (const [path, source] of places) {
    const password = path ? readPassword(path, source, mayBeDenied) : undefined;
    if (password !== undefined) return password;
  }
  return undefined;
}

function builtIn(): StorePassword {
  return {
    secret: new Secret(BUILT_IN_PASSWORD),
    source: "metricshub-built-in",
    path: undefined,
    mode: undefined,
  };
}

/** A random password in a file of its own, on the disk before anything is encrypted with it. */
async function generate(options: StorePasswordOptions): Promise<StorePassword> {
  const path = passwordPath(options);
  const password = randomBytes(GENERATED_BYTES).toString("base64url");
  try {
    await replaceFile({
      target: path,
      bytes: Buffer.from(`${password}\n`),
      prepare: (descriptor) => inheritOwner(descriptor, options.keystorePath, options.uid),
      confirm: () => undefined,
    });
  } catch (error) {
    throw ioError(error, `cannot write password file ${path}`, options.mayBeDenied);
  }
  return { secret: new Secret(password), source: "keystore-folder", path, mode: 0o600 };
}

/** Beside `metricshub-keystore.p12` it is `metricshub-keystore.password`. */
function passwordPath({ keystorePath }: StorePasswordOptions): string {
  return `${keystorePath.slice(0, -extname(keystorePath).length || undefined)}.password`;
}

function readPassword(
  path: string,
  source: PasswordSource,
  mayBeDenied: boolean,
): StorePassword | undefined {
  try {
    // A given file may be a pipe, `<(command)`; one that just lies beside the keystore may not, as
    // nobody has to write to it ever.
    const isGiven = source === "password-file";
    const flags = isGiven ? 0 : constants.O_NONBLOCK ?? 0;
    const descriptor = openSync(path, constants.O_RDONLY | flags);
    try {
      if (!isGiven && !fstatSync(descriptor).isFile()) throw noPassword(path);
      const bytes = Buffer.alloc(MAX_PASSWORD_BYTES + 1);
      const bytesRead = readSync(descriptor, bytes, 0, bytes.length, null);
      const password = bytes.toString("utf8", 0, bytesRead).replace(/\r?\n$/, "");
      bytes.fill(0);
      if (password === "" || bytesRead > MAX_PASSWORD_BYTES) throw noPassword(path);
      const { mode } = fstatSync(descriptor);
      return { secret: new Secret(password), source, path, mode: mode & 0o777 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw ioError(error, `cannot read password file ${path}`, mayBeDenied);
  }
}

function noSuchFile(path: string): AppError {
  return new AppError(
    "ERR_KEYSTORE_IO",
    `cannot read password file ${path}: no such file or folder`,
  );
}

function noPassword(path: string): AppError {
  return new AppError(
    "ERR_KEYSTORE_IO",
    `password file ${path} is empty, too long or no plain file`,
  );
}
