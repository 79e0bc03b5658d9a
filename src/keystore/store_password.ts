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
  /** Whether `path` is the successor of the place that `source` names: see {@link successorPath}. */
  readonly isSuccessor: boolean;
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

/**
 * The passwords that an existing keystore may have: that of the first place that names one, else
 * MetricsHub's; then, for who asks for another one, what is to succeed it.
 */
export function* findStorePasswords(options: StorePasswordOptions): Generator<StorePassword> {
  const current = configuredPassword(options) ?? builtIn();
  yield current;
  const successor = readPassword(successorPath(current, options), current.source, options);
  if (successor !== undefined) yield { ...successor, isSuccessor: true };
}

/**
 * Where a rekeying puts the new password until the keystore has it, as two files cannot change in
 * one instant: beside the current one, with `.new` after its name. Whoever finds that the current
 * one does not open the keystore tries this one.
 */
export function successorPath(
  { path, isSuccessor }: StorePassword,
  options: StorePasswordOptions,
): string {
  const current = path ?? passwordPath(options);
  return isSuccessor ? current : `${current}.new`;
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
  const { passwordFile, credentialsFolder } = options;
  if (passwordFile !== undefined) {
    const password = readPassword(passwordFile, "password-file", options, { mayBePipe: true });
    if (password === undefined) throw noSuchFile(passwordFile);
    return password;
  }
  const places = [
    [credentialsFolder && join(credentialsFolder, CREDENTIAL_NAME), "systemd-credential"],
    [passwordPath(options), "keystore-folder"],
  ] as const;
  for (const [path, source] of places) {
    const password = path ? readPassword(path, source, options) : undefined;
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
    isSuccessor: false,
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
  const secret = new Secret(password);
  return { secret, source: "keystore-folder", path, mode: 0o600, isSuccessor: false };
}

/** Beside `metricshub-keystore.p12` it is `metricshub-keystore.password`. */
function passwordPath({ keystorePath }: StorePasswordOptions): string {
  return `${keystorePath.slice(0, -extname(keystorePath).length || undefined)}.password`;
}

function readPassword(
  path: string,
  source: PasswordSource,
  { mayBeDenied }: StorePasswordOptions,
  { mayBePipe } = { mayBePipe: false },
): StorePassword | undefined {
  try {
    // A given file may be a pipe, `<(command)`; one that just lies beside the keystore may not, as
    // nobody has to write to it ever.
    const flags = mayBePipe ? 0 : constants.O_NONBLOCK ?? 0;
    const descriptor = openSync(path, constants.O_RDONLY | flags);
    try {
      if (!mayBePipe && !fstatSync(descriptor).isFile()) throw noPassword(path);
      const bytes = Buffer.alloc(MAX_PASSWORD_BYTES + 1);
      const bytesRead = readSync(descriptor, bytes, 0, bytes.length, null);
      const password = bytes.toString("utf8", 0, bytesRead).replace(/\r?\n$/, "");
      bytes.fill(0);
      if (password === "" || bytesRead > MAX_PASSWORD_BYTES) throw noPassword(path);
      const { mode } = fstatSync(descriptor);
      return {
        secret: new Secret(password),
        source,
        path,
        mode: mode & 0o777,
        isSuccessor: false,
      };
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
