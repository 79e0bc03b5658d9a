import { closeSync, fstatSync, openSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import { OVERFLOW_ID } from "../model/peer_credentials.ts";
import { printable } from "../model/printable.ts";
import { readToEnd } from "./files.ts";

/** Who reads a file, and so has to be the only one, beside root, who can have written it. */
export interface Reader {
  readonly uid: number;
  /** Whether root's own files appear as nobody's. */
  readonly isConfined: boolean;
}

export interface TrustedFileOptions {
  readonly maxBytes: number;
  /** undefined to read it whoever can have written it */
  readonly trusted: Reader | undefined;
}

interface Facts {
  readonly mode: number;
  readonly uid: number;
}

/**
 * Reads a file that says what to do, once nobody else can have written it or put it there.
 *
 * @throws the system's error; AppError ERR_CONFIGURATION for one that somebody else may have written,
 *   with what to do about it; ERR_FORBIDDEN where that cannot be told; ERR_FILE for a larger one
 */
export function readTrustedFile(path: string, options: TrustedFileOptions): Uint8Array {
  const { trusted, maxBytes } = options;
  const descriptor = openSync(path, "r");
  try {
    const stats = fstatSync(descriptor);
    if (trusted !== undefined) {
      assertOwn(path, stats, trusted);
      // A pipe from another program of this user is in no folder.
      if (stats.isFile()) assertFolders(realpathSync(path), trusted);
    }
    return readToEnd(descriptor, path, maxBytes);
  } finally {
    closeSync(descriptor);
  }
}

function assertOwn(path: string, { mode, uid }: Facts, reader: Reader): void {
  const name = printable(path);
  if (!isOwner(uid, reader)) {
    throw distrusted(name, `it belongs to uid ${uid}, not to root or you: chown root ${name}`);
  }
  if ((mode & 0o022) !== 0) throw distrusted(name, `others can write to it: chmod go-w ${name}`);
}

/** Whoever can write to one of these can put another file in the place of the one in it. */
function assertFolders(path: string, reader: Reader): void {
  const folder = dirname(path);
  const name = printable(folder);
  const { mode, uid } = statSync(folder);
  if (!isOwner(uid, reader)) {
    const text = `its folder ${name} belongs to uid ${uid}, not to root or you: chown root ${name}`;
    throw distrusted(printable(path), text);
  }
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) {
    const text = `others can write to its folder ${name}, and so replace it: chmod go-w ${name}`;
    throw distrusted(printable(path), text);
  }
  if (folder !== dirname(folder)) assertFolders(folder, reader);
}

/** @throws AppError ERR_FORBIDDEN in a user namespace where one cannot tell */
function isOwner(uid: number, { uid: self, isConfined }: Reader): boolean {
  if (isConfined && uid === OVERFLOW_ID) {
    const text = "administrator privileges are required: whose the host's configuration file is " +
      "cannot be told in a user namespace";
    throw new AppError("ERR_FORBIDDEN", text);
  }
  return uid === 0 || uid === self;
}

function distrusted(path: string, reason: string): AppError {
  return new AppError("ERR_CONFIGURATION", `cannot trust ${path}: ${reason}`);
}
