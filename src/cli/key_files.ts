import { accessSync, constants, lstatSync, readFileSync, statSync, unlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { UUID_OCTETS } from "../model/uuid.ts";
import { fileError, type NewFile, reserveFile } from "./files.ts";

/**
 * What is where a key is to go. `unfinished`: part of a key or nothing at all, as whoever was killed
 * between reserving a file and writing the key leaves it.
 */
export type KeyFileState = "missing" | "unfinished" | "other";

const PART_OF_A_KEY = /^[0-9a-f-]*$/;

/** @throws AppError ERR_FILE */
export function keyFileState(path: string): KeyFileState {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "missing";
    if (!stats.isFile() || stats.size >= UUID_OCTETS) return "other";
    return PART_OF_A_KEY.test(readFileSync(path, "latin1")) ? "unfinished" : "other";
  } catch (error) {
    throw fileError(error, `cannot read ${path}`);
  }
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
    throw fileError(error, `cannot write ${path}`);
  }
}

/**
 * A file for a key that is about to be made, in the place of an unfinished one. That is not written on:
 * who owns it and who has it open nobody knows.
 *
 * @throws AppError ERR_FILE
 */
export function reserveKeyFile(path: string): NewFile {
  if (keyFileState(path) === "unfinished") {
    try {
      unlinkSync(path);
    } catch (error) {
      throw fileError(error, `cannot write ${path}`);
    }
  }
  return reserveFile(path);
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
