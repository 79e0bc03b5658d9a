import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fixturePath } from "../support/fixtures.ts";
import { openSafe } from "./unseal.ts";
import type { Value } from "./value.ts";

/** A file under {@link STORE_PASSWORD} and few iterations, from which cases are made. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Its AuthenticatedSafe, with what is sealed in it opened, if the file is in order so far. */
  readonly safe: Value | undefined;
}

export interface OpenSeed extends Seed {
  readonly safe: Value;
}

/** Where the kept files are. */
export const CORPUS_FOLDER = fixturePath("fuzz");

/** The files that every other one is made of begin with this, those found interesting do not. */
export const SEED_PREFIX = "seed-";

export function readSeed(name: string): Seed {
  const bytes = new Uint8Array(readFileSync(join(CORPUS_FOLDER, name)));
  return { name, bytes, safe: openSafe(bytes) };
}

/** The names of all kept files, always in the same order. */
export function corpusNames(): string[] {
  return readdirSync(CORPUS_FOLDER).filter((name) => name.endsWith(".p12")).sort();
}
