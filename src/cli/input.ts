import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { readWholeFile } from "./files.ts";
import { octetSources } from "./octet_source.ts";

/**
 * What is in a file, or on standard input for `-`.
 *
 * @throws AppError ERR_FILE, for more than `maxBytes` too
 */
export async function readInput(path: string, maxBytes: number): Promise<Uint8Array> {
  if (path !== "-") return readWholeFile(path, maxBytes);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (const source of octetSources([path], throwIt)) {
    for await (const piece of source.pieces()) {
      pieces.push(Uint8Array.from(piece));
      size += piece.length;
      if (size > maxBytes) throw tooLarge(source.name, maxBytes);
    }
  }
  return Buffer.concat(pieces);
}

/** @throws AppError ERR_USAGE for octets that are no UTF-8 */
export function decodeText(octets: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (error) {
    const text = `cannot read ${printable(nameOf(path))}: it is no UTF-8 text`;
    throw new AppError("ERR_USAGE", text, { cause: error });
  }
}

/** For messages. */
export function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

function tooLarge(name: string, maxBytes: number): AppError {
  return new AppError("ERR_FILE", `cannot read ${name}: more than ${maxBytes} bytes`);
}

function throwIt(error: unknown): never {
  throw error;
}
