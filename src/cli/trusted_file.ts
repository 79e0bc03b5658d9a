import { closeSync, fstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { AppError } from "../errors.ts";
import { type Distrust, distrustFile, distrustFolders } from "../file_trust.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { OVERFLOW_ID } from "../model/peer_credentials.ts";
import { printable } from "../model/printable.ts";
import { readToEnd } from "./files.ts";

/** Who reads a file, and so has to be the only one, beside root, who can have written it. */
export interface Reader {
  readonly uid: number;
  /** Whether root's own files appear as nobody's. */
  readonly isConfined: boolean;
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles: GuardedFiles | undefined;
}

export interface TrustedFileOptions {
  readonly maxBytes: number;
  /** undefined to read it whoever can have written it */
  readonly trusted: Reader | undefined;
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
    if (trusted !== undefined) assertTrusted(path, stats, trusted);
    return readToEnd(descriptor, path, maxBytes);
  } finally {
    closeSync(descriptor);
  }
}

/** @throws AppError ERR_CONFIGURATION, and ERR_FORBIDDEN in a user namespace where one cannot tell */
function assertTrusted(path: string, stats: Stats, reader: Reader): void {
  const { uid, guardedFiles } = reader;
  const facts = guardedFiles?.inspect(path) ?? stats;
  // A pipe from another program of this user is in no folder.
  const distrust = distrustFile(path, facts, uid, guardedFiles) ??
    (stats.isFile() ? distrustFolders(realpathSync(path), uid, guardedFiles) : undefined);
  if (distrust === undefined) return;
  if (reader.isConfined && distrust.owner === OVERFLOW_ID) {
    const text = "administrator privileges are required: whose the host's configuration file is " +
      "cannot be told in a user namespace";
    throw new AppError("ERR_FORBIDDEN", text);
  }
  throw new DistrustError(path, distrust);
}

/** Somebody else can have written the file. */
export class DistrustError extends AppError {
  /** What ends that. */
  readonly command: string;

  constructor(file: string, { path, owner, command }: Distrust) {
    const what = path === file ? "it" : `its folder ${printable(path)}`;
    const reason = owner === undefined
      ? `others can write to ${what}`
      : `${what} belongs to uid ${owner}, not to root or you`;
    super("ERR_CONFIGURATION", `cannot trust ${printable(file)}: ${reason}: ${command}`);
    this.command = command;
  }
}
