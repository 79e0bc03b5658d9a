import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";

export interface PlacedFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

/**
 * Puts a file of the installation in its place, whole or not at all.
 *
 * @returns false where it is there already
 * @throws AppError ERR_SERVICE
 */
export function placeFile(file: PlacedFile): boolean {
  const { path, content } = file;
  if (readPlaced(path)?.equals(Buffer.from(content as string)) === true) return false;
  const temporary = `${path}.${randomBytes(8).toString("hex")}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    write(temporary, file);
    renameSync(temporary, path);
    return true;
  } catch (error) {
    removePlaced(temporary);
    throw unlessDefect(error, `cannot write ${path}`);
  }
}

/** @returns false where there is none */
export function removePlaced(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw unlessDefect(error, `cannot remove ${path}`);
  }
}

/** @returns undefined where there is none */
export function readPlaced(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw unlessDefect(error, `cannot read ${path}`);
  }
}

function write(path: string, { content, mode }: PlacedFile): void {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeFileSync(descriptor, content);
    // Only when all of it is there: an executable is not to be started before.
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unlessDefect(error: unknown, what: string): unknown {
  const code = systemErrorCode(error);
  return code === undefined
    ? error
    : new AppError("ERR_SERVICE", `${what}: ${code}`, { cause: error });
}
