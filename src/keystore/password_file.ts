import { randomBytes } from "node:crypto";
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { AppError, systemErrorCode } from "../errors.ts";
import { Secret } from "../model/secret.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { replaceFile, sweepTemporaryFiles } from "./atomic_file.ts";
import { inheritOwner, keepOwnerAndMode } from "./file_owner.ts";
import { ioError } from "./io_error.ts";

/** The content of a password file, without the line's end. */
export interface FilePassword {
  readonly secret: Secret;
  readonly path: string;
  /** The file's permission bits. */
  readonly mode: number;
}

export interface PasswordFileOptions {
  /** The keystore that it is for. */
  readonly keystorePath: string;
  /** See {@link ioError}. */
  readonly mayBeDenied: boolean;
  /** The effective uid; undefined on Windows. */
  readonly uid: number | undefined;
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles?: GuardedFiles | undefined;
}

const MAX_PASSWORD_BYTES = 4096;
/** What comes behind it: as much as this file is written with, and Windows' editors write. */
const LINE_END_BYTES = 2;
const GENERATED_BYTES = 24;

/** A password of 192 random bits, in characters that every program takes. */
export function generatePassword(): Secret {
  return new Secret(randomBytes(GENERATED_BYTES).toString("base64url"));
}

/**
 * @returns undefined where there is no such file
 * @throws AppError ERR_KEYSTORE_IO for one that cannot be read or holds no password
 */
export function readPasswordFile(
  path: string,
  { mayBeDenied }: PasswordFileOptions,
  { mayBePipe } = { mayBePipe: false },
): FilePassword | undefined {
  try {
    // A given file may be a pipe, `<(command)`; one that just lies beside the keystore may not, as
    // nobody has to write to it ever.
    const flags = mayBePipe ? 0 : constants.O_NONBLOCK ?? 0;
    const descriptor = openSync(path, constants.O_RDONLY | flags);
    try {
      if (!mayBePipe && !fstatSync(descriptor).isFile()) throw noPassword(path);
      const bytes = Buffer.alloc(MAX_PASSWORD_BYTES + LINE_END_BYTES + 1);
      const bytesRead = readSync(descriptor, bytes, 0, bytes.length, null);
      const line = bytes.toString("utf8", 0, bytesRead);
      const password = line.replace(/\r?\n$/, "");
      bytes.fill(0);
      const isTooLong = bytesRead - (line.length - password.length) > MAX_PASSWORD_BYTES;
      if (password === "" || isTooLong) throw noPassword(path);
      return { secret: new Secret(password), path, mode: fstatSync(descriptor).mode & 0o777 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw ioError(error, `cannot read password file ${path}`, mayBeDenied);
  }
}

/**
 * Writes a password to a file of its own, on the disk before this returns.
 *
 * @param like the file whose owner and mode it gets, where that exists; else it gets the keystore's
 *   owner, or its folder's, and mode 0600
 */
export async function writePasswordFile(
  path: string,
  secret: Secret,
  { keystorePath, mayBeDenied, uid, guardedFiles }: PasswordFileOptions,
  like = path,
): Promise<FilePassword> {
  try {
    // Only the keystore's writer gets here.
    sweepTemporaryFiles(path);
    const { mode } = await replaceFile({
      target: path,
      content: [Buffer.from(`${secret.reveal()}\n`)],
      guardedFiles,
      like,
      prepare(descriptor) {
        if (existsSync(like)) keepOwnerAndMode(descriptor, like, uid);
        else inheritOwner(descriptor, keystorePath, uid);
      },
      confirm: () => undefined,
    });
    return { secret, path, mode: Number(mode) & 0o777 };
  } catch (error) {
    throw ioError(error, `cannot write password file ${path}`, mayBeDenied);
  }
}

function noPassword(path: string): AppError {
  const text = `password file ${path} is empty, too long or no plain file`;
  return new AppError("ERR_KEYSTORE_IO", text);
}
