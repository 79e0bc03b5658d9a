import { type Mac, MAC_DIGESTS, sealPfx } from "./envelope.ts";
import { BYTE_MUTATORS } from "./mutators/bytes.ts";
import { CONTENT_MUTATORS } from "./mutators/contents.ts";
import { KEYSTORE_MUTATORS } from "./mutators/keystore.ts";
import { BER_MUTATORS, LENGTH_MUTATORS } from "./mutators/lengths.ts";
import type { Mutator } from "./mutators/mutator.ts";
import { STRUCTURE_MUTATORS } from "./mutators/structure.ts";
import { STORE_PASSWORD } from "./passwords.ts";
import { Random } from "./random.ts";
import type { OpenSeed, Seed } from "./seed.ts";
import {
  cloneValue,
  encodeValue,
  parseValues,
  type Slot,
  slotsBelow,
  type Value,
} from "./value.ts";

/** One file to read, under {@link STORE_PASSWORD}. */
export interface FuzzCase {
  readonly bytes: Uint8Array;
  /** What it was made of and how, for people. */
  readonly history: readonly string[];
}

const MUTATORS = [
  ...BER_MUTATORS,
  ...LENGTH_MUTATORS,
  ...CONTENT_MUTATORS,
  ...STRUCTURE_MUTATORS,
  ...KEYSTORE_MUTATORS,
];
const MAC_ITERATIONS = [undefined, 1, 2, 10];
const ONE_RAW_IN = 6;
/** Enough for what has hundreds of thousands of elements; the time is better spent on many files. */
const MAX_CASE_BYTES = 1 << 20;

/** @param number which case of this seed */
export function makeCase(seeds: readonly Seed[], seed: number, number: number): FuzzCase {
  const random = new Random(seed, number);
  const made = random.oneIn(ONE_RAW_IN) ? rawCase(seeds, random) : sealedCase(seeds, random);
  return { ...made, bytes: made.bytes.subarray(0, MAX_CASE_BYTES) };
}

/** A file damaged as a whole; its MAC is left as it was. */
function rawCase(seeds: readonly Seed[], random: Random): FuzzCase {
  const { name, bytes } = random.pick(seeds);
  const history = [`raw ${name}`];
  const pfx = random.oneIn(2) ? parseValues(bytes) : undefined;
  if (pfx === undefined) {
    const foreign = random.pick(seeds).bytes;
    return { bytes: damageBytes(bytes, random, foreign, history), history };
  }
  const root: Value = { tag: 0, content: pfx, frame: (_, content) => content };
  damageTree(root, random, foreignValues(seeds.filter(isOpen), random), history);
  return { bytes: encodeValue(root), history };
}

/** A file whose AuthenticatedSafe was changed before all that protects it was made. */
function sealedCase(seeds: readonly Seed[], random: Random): FuzzCase {
  const open = seeds.filter(isOpen);
  const { name, safe } = random.pick(open);
  const history = [`sealed ${name}`];
  const root: Value = { tag: 0, content: [cloneValue(safe)], frame: (_, content) => content };
  damageTree(root, random, foreignValues(open, random), history);
  let authenticatedSafe = encodeValue(root);
  if (random.oneIn(12)) {
    authenticatedSafe = damageBytes(authenticatedSafe, random, random.pick(seeds).bytes, history);
  }
  const pfx = sealPfx(authenticatedSafe, STORE_PASSWORD, chooseMac(random));
  if (random.oneIn(5)) damageEnvelope(pfx, random, foreignValues(open, random), history);
  return { bytes: encodeValue(pfx), history };
}

function chooseMac(random: Random): Mac {
  return {
    digest: random.pick(MAC_DIGESTS),
    salt: new Uint8Array(random.pick([0, 8, 20])).fill(9),
    iterations: random.pick(MAC_ITERATIONS),
  };
}

function damageTree(
  root: Value,
  random: Random,
  foreign: readonly Value[],
  history: string[],
): void {
  do {
    const slots = slotsBelow(root);
    if (slots.length === 0) return;
    const { mutator, slot } = choose(slots, random, MUTATORS);
    history.push(`${mutator.name} (tag 0x${slot.value.tag.toString(16)})`);
    mutator.apply(slot, random, { foreign });
  } while (random.oneIn(3));
}

/** A slot first, then a mutator for it: what has many slots does not crowd out the rest. */
function choose(slots: readonly Slot[], random: Random, mutators: readonly Mutator[]) {
  for (;;) {
    const slot = random.pick(slots);
    const fitting = mutators.filter((mutator) => mutator.fits(slot));
    let rest = random.below(fitting.reduce((sum, { weight }) => sum + weight, 0));
    const mutator = fitting.find(({ weight }) => (rest -= weight) < 0);
    if (mutator !== undefined) return { mutator, slot };
  }
}

/** Anything around the AuthenticatedSafe's own octets, which are what the MAC covers. */
function damageEnvelope(
  pfx: Value,
  random: Random,
  foreign: readonly Value[],
  history: string[],
): void {
  const slots = slotsBelow(pfx);
  const { mutator, slot } = choose(slots, random, random.oneIn(2) ? BER_MUTATORS : MUTATORS);
  history.push(`envelope: ${mutator.name} (tag 0x${slot.value.tag.toString(16)})`);
  mutator.apply(slot, random, { foreign });
}

function foreignValues(seeds: readonly OpenSeed[], random: Random): Value[] {
  const { safe } = random.pick(seeds);
  return [safe, ...slotsBelow(safe).map(({ value }) => value)];
}

function isOpen(seed: Seed): seed is OpenSeed {
  return seed.safe !== undefined;
}

function damageBytes(
  bytes: Uint8Array,
  random: Random,
  foreign: Uint8Array,
  history: string[],
): Uint8Array {
  let damaged = bytes;
  do {
    const name = random.pick(Object.keys(BYTE_MUTATORS));
    history.push(name);
    damaged = BYTE_MUTATORS[name]?.(damaged, random, foreign) ?? damaged;
  } while (random.oneIn(2));
  return damaged;
}
