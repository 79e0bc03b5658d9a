import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError } from "../errors.ts";
import { Secret } from "../model/secret.ts";
import {
  type FilePassword,
  generatePassword,
  readPasswordFile,
  writePasswordFile,
} from "./password_file.ts";
import {
  discardSuccessor,
  findSuccessor,
  promoteSuccessor,
  stageSuccessor,
} from "./password_successor.ts";
import {
  BUILT_IN_PASSWORD,
  isUsableByJava,
  NOT_FOR_JAVA,
  passwordPath,
  type PasswordSource,
  type StorePassword,
  type StorePasswordOptions,
} from "./store_password.ts";

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

export function storePasswords(options: StorePasswordOptions): StorePasswords {
  return {
    find: () => findPasswords(options),
    forNewKeystore: () => passwordForNewKeystore(options),
    stage: (current, secret) => stageSuccessor(options, current, secret),
    promote: (successor) => promoteSuccessor(options, successor),
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
  const successor = findSuccessor(options, current);
  if (successor !== undefined) yield successor;
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

function noSuchFile(path: string): AppError {
  const text = `cannot read password file ${path}: no such file or folder`;
  return new AppError("ERR_KEYSTORE_IO", text);
}
