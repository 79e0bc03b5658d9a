import {
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { AppError, systemErrorCode } from "../errors.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { printable } from "../model/printable.ts";
import { systemErrorReason } from "../system_error.ts";

/** A file that did not exist, for its owner's eyes only, and empty so far. */
export interface NewFile {
  /**
   * Writes it, onto the disk.
   *
   * @throws AppError ERR_FILE, and then there is no such file, or somebody else's
   */
  write(bytes: Uint8Array): void;
  readonly isWritten: boolean;
  /** Removes it again, written or not. */
  discard(): void;
}

/**
 * @param guardedFiles see {@link Platform.guardedFiles}
 * @throws AppError ERR_FILE, for one that is there already too
 */
export function reserveFile(path: string, guardedFiles: GuardedFiles | undefined): NewFile {
  const failed = (error: unknown) => fileError(error, `cannot write ${path}`);
  let descriptor: number;
  try {
    descriptor = guardedFiles?.create(path, path) ?? openSync(path, "wx", 0o600);
  } catch (error) {
    throw failed(error);
  }
  let isOpen = true;
  const close = () => {
    const wasOpen = isOpen;
    isOpen = false;
    if (wasOpen) closeSync(descriptor);
  };
  const discard = () => {
    try {
      close();
    } finally {
      unlinkIfThere(path);
    }
  };
  let isWritten = false;
  return {
    get isWritten() {
      return isWritten;
    },
    write(bytes) {
      try {
        writeFileSync(descriptor, bytes);
        fsyncSync(descriptor);
        isWritten = isAt(path, descriptor);
        close();
      } catch (error) {
        isWritten = false;
        discard();
        throw failed(error);
      }
      if (!isWritten) throw superseded(path);
    },
    discard,
  };
}

/** Whether this very file is still what the path leads to. */
function isAt(path: string, descriptor: number): boolean {
  const [own, found] = [fstatSync(descriptor), lstatSync(path, { throwIfNoEntry: false })];
  return found?.ino === own.ino && found.dev === own.dev;
}

function superseded(path: string): AppError {
  const text = `cannot write ${
    printable(path)
  }: somebody has removed it, or put another in its place`;
  return new AppError("ERR_FILE", text);
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw fileError(error, `cannot remove ${path}`);
  }
}

/**
 * Writes a file that did not exist, for its owner's eyes only, and onto the disk.
 *
 * @throws AppError ERR_FILE, and then there is no such file, or the one that was there
 */
export function writeNewFile(
  path: string,
  bytes: Uint8Array,
  guardedFiles: GuardedFiles | undefined,
): void {
  reserveFile(path, guardedFiles).write(bytes);
}

/** @throws AppError ERR_FILE, for a larger file too */
export function readWholeFile(path: string, maxBytes: number): Uint8Array {
  try {
    const descriptor = openSync(path, "r");
    try {
      return readToEnd(descriptor, path, maxBytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, `cannot read ${path}`);
  }
}

/**
 * By reading, as a pipe has no size.
 *
 * @param path for messages
 * @throws the system's error, and AppError ERR_FILE for more than `maxBytes`
 */
export function readToEnd(descriptor: number, path: string, maxBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let size = 0;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const bytesRead = readSync(descriptor, chunk);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, bytesRead));
    size += bytesRead;
    if (size > maxBytes) throw tooLarge(path, maxBytes);
  }
}

const CHUNK_BYTES = 1024 * 1024;

function tooLarge(path: string, maxBytes: number): AppError {
  return new AppError("ERR_FILE", `cannot read ${printable(path)}: more than ${maxBytes} bytes`);
}

/** A system's error as one line; any other error as it is. */
export function fileError(error: unknown, attempt: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const text = `${printable(attempt)}: ${systemErrorReason(code)}`;
  return new AppError("ERR_FILE", text, { cause: error });
}
