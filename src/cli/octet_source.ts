import {
  closeSync,
  createReadStream,
  type Dirent,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { fileError } from "./files.ts";

/** Something to read through. */
export interface OctetSource {
  readonly name: string;
  /** Piece by piece, each good until the next one is asked for. @throws AppError ERR_FILE */
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const PIECE_BYTES = 4 * 1024 * 1024;
const STANDARD_INPUT = 0;

/**
 * The files at these paths, and below those that are folders, in the order of their names; standard
 * input for none, and for `-`. No link is followed within a folder.
 *
 * @param complain takes what cannot be read, AppErrors ERR_FILE
 */
export function* octetSources(
  paths: readonly string[],
  complain: (error: unknown) => void,
): Generator<OctetSource, void> {
  for (const path of paths.length === 0 ? ["-"] : paths) {
    if (path === "-") yield standardInput();
    else yield* filesAt(path, complain);
  }
}

function standardInput(): OctetSource {
  return {
    name: "standard input",
    pieces: () => createReadStream("", { fd: STANDARD_INPUT, highWaterMark: PIECE_BYTES }),
  };
}

function* filesAt(path: string, complain: (error: unknown) => void): Generator<OctetSource, void> {
  let children: Dirent[];
  try {
    const stats = statSync(path);
    if (stats.isFile()) yield { name: path, pieces: () => piecesOf(path) };
    if (!stats.isDirectory()) return;
    children = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    complain(fileError(error, `cannot read ${path}`));
    return;
  }
  children.sort((one, other) => one.name < other.name ? -1 : 1);
  for (const child of children) {
    if (child.isFile() || child.isDirectory()) yield* filesAt(join(path, child.name), complain);
  }
}

function* piecesOf(path: string): Generator<Uint8Array, void> {
  try {
    const descriptor = openSync(path, "r");
    try {
      const buffer = Buffer.alloc(PIECE_BYTES);
      for (;;) {
        const length = readSync(descriptor, buffer);
        if (length === 0) return;
        yield buffer.subarray(0, length);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, `cannot read ${path}`);
  }
}
