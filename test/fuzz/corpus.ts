import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCase } from "./case.ts";
import { featuresOf } from "./features.ts";
import { makeSeeds } from "./make_seeds.ts";
import { read } from "./reader.ts";
import { CORPUS_FOLDER, corpusNames, readSeed, type Seed, SEED_PREFIX } from "./seed.ts";

const MAX_FILES = 60;
const MAX_FILE_BYTES = 8 * 1024;

/** Makes the kept files anew: the seeds, and the smallest case for everything that they lack. */
export async function keepCorpus(seed: number, cases: number): Promise<string[]> {
  mkdirSync(CORPUS_FOLDER, { recursive: true });
  for (const name of corpusNames()) rmSync(join(CORPUS_FOLDER, name));
  for (const [name, bytes] of makeSeeds()) keep(`${SEED_PREFIX}${name}`, bytes);
  const seeds = corpusNames().map(readSeed);
  const known = new Set<string>();
  for (const { bytes } of seeds) {
    for (const feature of await featuresOf(bytes, await read(bytes))) known.add(feature);
  }
  const found = await findFeatures(seeds, seed, cases, known);
  const kept = [...found].slice(0, MAX_FILES - seeds.length);
  for (const [feature, bytes] of kept) keep(`${slug(feature)}.p12`, bytes);
  return [...found.keys()];
}

/** The smallest file with each feature that is not known yet, in the order in which they came up. */
async function findFeatures(
  seeds: readonly Seed[],
  seed: number,
  cases: number,
  known: ReadonlySet<string>,
): Promise<Map<string, Uint8Array>> {
  const smallest = new Map<string, Uint8Array>();
  for (let number = 0; number < cases; number++) {
    const { bytes } = makeCase(seeds, seed, number);
    if (bytes.length > MAX_FILE_BYTES) continue;
    for (const feature of await featuresOf(bytes, await read(bytes))) {
      const best = smallest.get(feature)?.length ?? Infinity;
      if (!known.has(feature) && bytes.length < best) smallest.set(feature, bytes);
    }
  }
  return smallest;
}

function keep(name: string, bytes: Uint8Array): void {
  writeFileSync(join(CORPUS_FOLDER, name), bytes);
}

/** `ERR_KEYSTORE_UNREADABLE: length beyond the end` becomes `unreadable-length-beyond-the-end`. */
function slug(feature: string): string {
  const words = feature.replace("ERR_KEYSTORE_", "").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return words.replace(/^-|-$/g, "").slice(0, 60);
}
