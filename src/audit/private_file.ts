import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { systemErrorCode } from "../errors.ts";

export interface PrivateFile {
  readonly path: string;
  /** Gives a new file its owner. */
  readonly prepare: (descriptor: number) => void;
}

/** A symbolic link in a folder that others may write could lead anywhere; nobody waits for a pipe. */
const SAFELY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Opens a file, or creates it for its owner's eyes only. */
export function openPrivateFile(
  { path, prepare }: PrivateFile,
  flags: number,
): { readonly descriptor: number; readonly isNew: boolean } {
  try {
    return { descriptor: openSync(path, flags | SAFELY), isNew: false };
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
  const creating = flags | SAFELY | constants.O_CREAT | constants.O_EXCL;
  const descriptor = openSync(path, creating, 0o600);
  try {
    prepare(descriptor);
    return { descriptor, isNew: true };
  } catch (error) {
    closeSync(descriptor);
    unlinkSync(path);
    throw error;
  }
}
