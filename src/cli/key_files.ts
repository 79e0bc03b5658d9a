import { accessSync, constants, lstatSync, readFileSync, statSync, unlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { UUID_OCTETS } from "../model/uuid.ts";
import type { GuardedFiles } from "../platform/platform.ts";
import { fileError, type NewFile, reserveFile } from "./files.ts";

/**
 * What is where a key is to go. `unfinished`: part of a key or nothing at all, as whoever was killed
 * between reserving a file and writing the key leaves it; `reserved`: the same, but just now, so that
 * another run may be about to write it.
 */
export type KeyFileState = "missing" | "reserved" | "unfinished" | "folder" | "other";

/** Between reserving a file and writing it there is one save of the keystore. */
const RESERVED_FOR_MS = 3_000;

const PART_OF_A_KEY = /^[0-9a-f-]*$/;

/** @throws AppError ERR_FILE */
export function keyFileState(path: string): KeyFileState {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "missing";
    if (stats.isDirectory()) return "folder";
    if (!stats.isFile() || stats.size >= UUID_OCTETS) return "other";
    if (!PART_OF_A_KEY.test(readFileSync(path, "latin1"))) return "other";
    return reservedForMs(stats.mtimeMs) > 0 ? "reserved" : "unfinished";
  } catch (error) {
    throw fileError(error, `cannot read ${path}`);
  }
}

/** @returns in how many milliseconds at the latest none of these files counts as reserved any more */
export function reservationsEndInMs(paths: readonly string[]): number {
  const rests = paths.map((path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? 0 : reservedForMs(stats.mtimeMs);
  });
  return Math.ceil(Math.max(0, ...rests));
}

/** Not above that: a file of a clock that is ahead is no more than one that was made just now. */
function reservedForMs(mtimeMs: number): number {
  const ageMs = Date.now() - mtimeMs;
  return Math.abs(ageMs) < RESERVED_FOR_MS ? Math.min(RESERVED_FOR_MS, RESERVED_FOR_MS - ageMs) : 0;
}

/** @throws AppError ERR_FILE where no file could be made, as far as that can be told beforehand */
export function assertCanHold(path: string): void {
  const folder = dirname(path);
  try {
    if (!statSync(folder).isDirectory()) {
      const text = `cannot write ${printable(path)}: ${printable(folder)} is no folder`;
      throw new AppError("ERR_FILE", text);
    }
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") {
      const text = `cannot write ${printable(path)}: there is no folder ${printable(folder)}`;
      throw new AppError("ERR_FILE", text, { cause: error });
    }
    throw fileError(error, `cannot write ${path}`);
  }
}

/**
 * A file for a key that is about to be made, in the place of an unfinished one. That is not written on:
 * who owns it and who has it open nobody knows.
 *
 * @throws AppError ERR_FILE
 */
export function reserveKeyFile(
  path: string,
  guardedFiles: GuardedFiles | undefined,
): NewFile {
  if (keyFileState(path) === "unfinished") {
    try {
      unlinkSync(path);
    } catch (error) {
      throw fileError(error, `cannot write ${path}`);
    }
  }
  return reserveFile(path, guardedFiles);
}

/** Most file systems take 255 octets. */
const MAX_NAME_OCTETS = 200;

/**
 * The file in a folder for the key with this alias: `mcp-openai.key`. What is more than a plain name
 * is percent-encoded, and what would be too long is cut and told apart by its digest, so that no two
 * aliases share a file and none leaves the folder.
 */
export function keyFileIn(folder: string, alias: string): string {
  const octets = [...Buffer.from(alias, "utf8")];
  const name = octets.map((octet, index) => {
    const character = String.fromCharCode(octet);
    const isPlain = index === 0 ? /[a-z0-9_-]/ : /[a-z0-9_.-]/;
    return isPlain.test(character) ? character : percentEncoded(octet);
  }).join("");
  if (name.length <= MAX_NAME_OCTETS) return resolve(folder, `${name}.key`);
  const digest = createHash("sha256").update(alias).digest("hex");
  // Two percent signs stand in no encoded name.
  return join(resolve(folder), `${name.slice(0, MAX_NAME_OCTETS - 70)}%%${digest}.key`);
}

function percentEncoded(octet: number): string {
  return `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
}
