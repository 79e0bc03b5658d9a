import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemErrorCode } from "../errors.ts";
import { fileError } from "./files.ts";

/** Something to read through. */
export interface OctetSource {
  readonly name: string;
  /** Piece by piece, each good until the next one is asked for. @throws AppError ERR_FILE */
  pieces(): AsyncIterable<Uint8Array>;
}

const PIECE_BYTES = 4 * 1024 * 1024;
const STANDARD_INPUT = 0;
const WAIT_MS = 5;

/**
 * What is at these paths, pipes and devices among it, and the files below those that are folders, in
 * the order of their names; standard input for none, and for `-`. No link is followed within a folder.
 *
 * @param complain takes what cannot be read, AppErrors ERR_FILE
 */
export function* octetSources(
  paths: readonly string[],
  complain: (error: unknown) => void,
): Generator<OctetSource, void> {
  for (const path of paths.length === 0 ? ["-"] : paths) {
    if (path === "-") yield standardInput();
    else if (isFolder(path)) yield* filesIn(path, complain);
    else yield { name: path, pieces: () => piecesAt(path, constants.O_RDONLY) };
  }
}

/** What is not there is told when it is opened. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function* filesIn(
  folder: string,
  complain: (error: unknown) => void,
): Generator<OctetSource, void> {
  let children: Dirent[];
  try {
    children = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    complain(fileError(error, `cannot read ${folder}`));
    return;
  }
  children.sort((one, other) => one.name < other.name ? -1 : 1);
  for (const child of children) {
    const path = join(folder, child.name);
    if (child.isDirectory()) yield* filesIn(path, complain);
    else if (child.isFile()) yield { name: path, pieces: () => piecesAt(path, FILE_ALONE) };
  }
}

/** Whoever owns the folder may put a link or a pipe in the file's place: neither is waited for. */
const FILE_ALONE = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function standardInput(): OctetSource {
  return { name: "standard input", pieces: () => piecesOf(STANDARD_INPUT, "standard input") };
}

async function* piecesAt(path: string, flags: number): AsyncGenerator<Uint8Array, void> {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags);
  } catch (error) {
    throw fileError(error, `cannot read ${path}`);
  }
  try {
    if (flags === FILE_ALONE && !fstatSync(descriptor).isFile()) return;
    yield* piecesOf(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}

async function* piecesOf(descriptor: number, name: string): AsyncGenerator<Uint8Array, void> {
  const buffer = Buffer.alloc(PIECE_BYTES);
  for (;;) {
    const length = await readSome(descriptor, buffer, name);
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

/** A pipe may have been made not to wait, by whoever has its other end or by the runtime. */
async function readSome(descriptor: number, buffer: Uint8Array, name: string): Promise<number> {
  for (;;) {
    try {
      return readSync(descriptor, buffer);
    } catch (error) {
      if (systemErrorCode(error) === "EOF") return 0; // Windows' way to say so
      if (systemErrorCode(error) !== "EAGAIN") throw fileError(error, `cannot read ${name}`);
      await sleep(WAIT_MS);
    }
  }
}
