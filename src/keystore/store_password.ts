import { existsSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { AppError } from "../errors.ts";
import { Secret } from "../model/secret.ts";
import { renameDurably, sweepTemporaryFiles } from "./atomic_file.ts";
import { ioError } from "./io_error.ts";
import {
  type FilePassword,
  generatePassword,
  type PasswordFileOptions,
  readPasswordFile,
  writePasswordFile,
} from "./password_file.ts";
import { targetPath } from "./target_path.ts";

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

/** Where a keystore's password is found and kept. Everything throws AppError ERR_KEYSTORE_*. */
export interface StorePasswords {
  /**
   * The passwords that an existing keystore may have: that of the first place that names one, else
   * MetricsHub's; then, for who asks for another one, what is to succeed it.
   */
  find(): Iterable<StorePassword>;
  /** The password for a keystore about to be created. */
  forNewKeystore(): Promise<StorePassword>;
  /**
   * Makes `secret`, or a random password, the successor of `current`.
   *
   * @throws AppError ERR_REKEY_REFUSED where it could not be kept
   */
  stage(current: StorePassword, secret: Secret | undefined): Promise<StorePassword>;
  /** Puts a successor in its predecessor's place, as far as that can be written. */
  promote(successor: StorePassword): Promise<StorePassword>;
  /** Removes what a rekeying that came to nothing left; `current` is what opens the keystore. */
  discardSuccessor(current: StorePassword): Promise<void>;
}

const CREDENTIAL_NAME = "keystore-password";
const SUCCESSOR_SUFFIX = ".new";

export function storePasswords(options: StorePasswordOptions): StorePasswords {
  return {
    find: () => findPasswords(options),
    forNewKeystore: () => passwordForNewKeystore(options),
    stage: (current, secret) => stage(options, current, secret),
    promote: (successor) => promote(options, successor),
    discardSuccessor: (current) => discardSuccessor(options, current),
  };
}

/** MetricsHub looks for its keystore in `security` beside the `bin` that it runs from. */
export function isMetricsHubInstall(keystorePath: string): boolean {
  const folder = dirname(keystorePath);
  return basename(folder) === "security" && existsSync(join(dirname(folder), "bin"));
}

function* findPasswords(options: StorePasswordOptions): Generator<StorePassword> {
  const current = configuredPassword(options) ?? builtIn();
  yield current;
  const successor = readPasswordFile(successorPath(current, options), options);
  if (successor !== undefined) yield { ...asSuccessor(current), ...successor };
}

async function passwordForNewKeystore(options: StorePasswordOptions): Promise<StorePassword> {
  const configured = configuredPassword(options);
  if (configured !== undefined) {
    if (isUsableByJava(configured.secret)) return configured;
    const text = `cannot create keystore ${options.keystorePath}: the password in ` +
      `${configured.path} holds ${NOT_FOR_JAVA}`;
    throw new AppError("ERR_KEYSTORE_UNSUPPORTED", text);
  }
  if (isMetricsHubInstall(options.keystorePath)) return builtIn();
  // On the disk before anything is encrypted with it.
  const written = await writePasswordFile(passwordPath(options), generatePassword(), options);
  return found(written, "keystore-folder");
}

const NOT_FOR_JAVA = "other than printable ASCII characters, with which Java could not open it";

/** Java's password-based encryption takes ASCII only. */
function isUsableByJava(secret: Secret): boolean {
  return /^[\x20-\x7e]+$/.test(secret.reveal());
}

async function stage(
  options: StorePasswordOptions,
  current: StorePassword,
  secret: Secret | undefined,
): Promise<StorePassword> {
  if (secret !== undefined && !isUsableByJava(secret)) {
    throw refused(`the new password holds ${NOT_FOR_JAVA}`);
  }
  const path = successorPath(current, options);
  if (current.source === "systemd-credential") {
    const given = current.isSuccessor ? undefined : readPasswordFile(path, options);
    if (given !== undefined && (secret === undefined || isSame(given.secret, secret))) {
      return { ...asSuccessor(current), ...given };
    }
    throw refused(
      "the password comes from systemd's credential keystore-password, which apikey cannot change; " +
        "pass the new one as credential keystore-password.new, and nothing else",
    );
  }
  if (current.path !== undefined && !isPlainFile(current.path, options)) {
    throw refused(`the password comes from ${current.path}, which is no plain file`);
  }
  const next = secret ?? generatePassword();
  if (isSame(next, current.secret)) throw refused("the new password is the present one");
  const written = await writePasswordFile(path, next, options, current.path ?? path);
  return { ...asSuccessor(current), ...written };
}

async function promote(
  options: StorePasswordOptions,
  successor: StorePassword,
): Promise<StorePassword> {
  const { path, source } = successor;
  // Only who configures the unit can make the new credential the one.
  if (path === undefined || source === "systemd-credential") return successor;
  const place = path.slice(0, -SUCCESSOR_SUFFIX.length);
  return await attempt(options, `cannot write password file ${place}`, async () => {
    await renameDurably(path, place);
    return { ...successor, path: place, isSuccessor: false };
  });
}

async function discardSuccessor(
  options: StorePasswordOptions,
  current: StorePassword,
): Promise<void> {
  // A credential is not ours, and a successor that opens the keystore is in use.
  if (current.isSuccessor || current.source === "systemd-credential") return;
  const path = successorPath(current, options);
  await attempt(options, `cannot remove password file ${path}`, () => {
    sweepTemporaryFiles(path);
    if (existsSync(path)) unlinkSync(path);
  });
}

async function attempt<T>(
  { mayBeDenied }: StorePasswordOptions,
  what: string,
  act: () => T | Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw ioError(error, what, mayBeDenied);
  }
}

function isSame(one: Secret, other: Secret): boolean {
  return one.reveal() === other.reveal();
}

function refused(reason: string): AppError {
  return new AppError("ERR_REKEY_REFUSED", `cannot change the keystore's password: ${reason}`);
}

function configuredPassword(options: StorePasswordOptions): StorePassword | undefined {
  const { passwordFile, credentialsFolder } = options;
  if (passwordFile !== undefined) {
    const password = readPasswordFile(passwordFile, options, { mayBePipe: true });
    if (password === undefined) throw noSuchFile(passwordFile);
    return found(password, "password-file");
  }
  const places = [
    [credentialsFolder && join(credentialsFolder, CREDENTIAL_NAME), "systemd-credential"],
    [passwordPath(options), "keystore-folder"],
  ] as const;
  for (const [path, source] of places) {
    const password = path ? readPasswordFile(path, options) : undefined;
    if (password !== undefined) return found(password, source);
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

function found(password: FilePassword, source: PasswordSource): StorePassword {
  return { ...password, source, isSuccessor: false };
}

/** The built-in password has no place: what succeeds it lies beside the keystore. */
function asSuccessor({ path, source }: StorePassword) {
  return { source: path === undefined ? "keystore-folder" as const : source, isSuccessor: true };
}

/** Beside `metricshub-keystore.p12` it is `metricshub-keystore.password`. */
function passwordPath({ keystorePath }: StorePasswordOptions): string {
  return `${keystorePath.slice(0, -extname(keystorePath).length || undefined)}.password`;
}

/** Beside the file itself, so that the one can be renamed into the place of the other. */
function successorPath(
  { path, isSuccessor }: StorePassword,
  options: StorePasswordOptions,
): string {
  const place = path ?? passwordPath(options);
  if (isSuccessor) return place;
  try {
    return targetPath(place) + SUCCESSOR_SUFFIX;
  } catch (error) {
    throw ioError(error, `cannot find password file ${place}`, options.mayBeDenied);
  }
}

function isPlainFile(path: string, { mayBeDenied }: StorePasswordOptions): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    throw ioError(error, `cannot read password file ${path}`, mayBeDenied);
  }
}

function noSuchFile(path: string): AppError {
  const text = `cannot read password file ${path}: no such file or folder`;
  return new AppError("ERR_KEYSTORE_IO", text);
}
