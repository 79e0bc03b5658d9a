import { existsSync, statSync, unlinkSync } from "node:fs";
import { AppError } from "../errors.ts";
import type { Secret } from "../model/secret.ts";
import { renameDurably, sweepTemporaryFiles } from "./atomic_file.ts";
import { ioError } from "./io_error.ts";
import { generatePassword, readPasswordFile, writePasswordFile } from "./password_file.ts";
import {
  isUsableByJava,
  NOT_FOR_JAVA,
  passwordPath,
  type StorePassword,
  type StorePasswordOptions,
} from "./store_password.ts";
import { targetPath } from "./target_path.ts";

const SUFFIX = ".new";

/** What is to succeed `current`, where there is such a thing. */
export function findSuccessor(
  options: StorePasswordOptions,
  current: StorePassword,
): StorePassword | undefined {
  const successor = readPasswordFile(successorPath(current, options), options);
  return successor && { ...asSuccessor(current), ...successor };
}

/** See {@link StorePasswords.stage}. */
export async function stageSuccessor(
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

/** See {@link StorePasswords.promote}. */
export async function promoteSuccessor(
  options: StorePasswordOptions,
  successor: StorePassword,
): Promise<StorePassword> {
  const { path, source } = successor;
  // Only who configures the unit can make the new credential the one.
  if (path === undefined || source === "systemd-credential") return successor;
  const place = path.slice(0, -SUFFIX.length);
  return await attempt(options, `cannot write password file ${place}`, async () => {
    await renameDurably(path, place);
    return { ...successor, path: place, isSuccessor: false };
  });
}

/** See {@link StorePasswords.discardSuccessor}. */
export async function discardSuccessor(
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

/** The built-in password has no place: what succeeds it lies beside the keystore. */
function asSuccessor({ path, source }: StorePassword) {
  return { source: path === undefined ? "keystore-folder" as const : source, isSuccessor: true };
}

/** Beside the file itself, so that the one can be renamed into the place of the other. */
function successorPath(
  { path, isSuccessor }: StorePassword,
  options: StorePasswordOptions,
): string {
  const place = path ?? passwordPath(options);
  if (isSuccessor) return place;
  try {
    return targetPath(place) + SUFFIX;
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
