import { derHead, nothing, octetString, sequence, set } from "../build.ts";
import type { Random } from "../random.ts";
import { cloneValue, encodeValue, type Slot, type Value } from "../value.ts";
import { isConstructed, type Mutator, replace, type Surroundings } from "./mutator.ts";

/** Parts that are missing, there twice, elsewhere, or not of this file. */
export const STRUCTURE_MUTATORS: readonly Mutator[] = [
  { name: "removed", weight: 2, fits: always, apply: (slot) => replace(slot) },
  { name: "duplicated", weight: 3, fits: always, apply: duplicate },
  { name: "swapped with a sibling", weight: 2, fits: hasSiblings, apply: swap },
  { name: "content shuffled", weight: 2, fits: isConstructed, apply: shuffle },
  { name: "emptied", weight: 2, fits: always, apply: empty },
  { name: "foreign value", weight: 2, fits: always, apply: graft },
  { name: "foreign value of the same type", weight: 4, fits: always, apply: graftSameType },
  { name: "foreign value added", weight: 3, fits: isConstructed, apply: add },
  { name: "wrapped", weight: 1, fits: always, apply: wrap },
  { name: "unwrapped", weight: 1, fits: isConstructed, apply: unwrap },
  { name: "nested deep", weight: 1, fits: always, apply: nest },
  { name: "many", weight: 1, fits: always, apply: multiply },
];

/** Levels, or elements: mostly what is quick to read, now and then what could fill the memory. */
const COUNTS = [10, 60, 120, 1_000, 3_000, 10_000];
const HUGE_COUNT = 260_000;
const ONE_HUGE_IN = 40;
const MAX_MULTIPLIED_BYTES = 1 << 19;

function always(): boolean {
  return true;
}

function hasSiblings({ siblings }: Slot): boolean {
  return siblings.length > 1;
}

function duplicate({ value, siblings, index }: Slot, random: Random): void {
  const copies = Array.from({ length: 1 + random.below(3) }, () => cloneValue(value));
  siblings.splice(index, 0, ...copies);
}

function swap({ value, siblings, index }: Slot, random: Random): void {
  const other = random.below(siblings.length);
  siblings[index] = siblings[other] ?? value;
  siblings[other] = value;
}

function shuffle({ value }: Slot, random: Random): void {
  if (Array.isArray(value.content)) value.content = random.shuffle(value.content);
}

function empty({ value }: Slot): void {
  value.content = Array.isArray(value.content) ? [] : new Uint8Array();
}

function graft(slot: Slot, random: Random, { foreign }: Surroundings): void {
  replace(slot, cloneValue(random.pick(foreign)));
}

function graftSameType(slot: Slot, random: Random, { foreign }: Surroundings): void {
  const wasNested = Array.isArray(slot.value.content);
  const alike = foreign.filter(({ tag, content }) =>
    tag === slot.value.tag && Array.isArray(content) === wasNested
  );
  if (alike.length > 0) replace(slot, cloneValue(random.pick(alike)));
}

function add({ value }: Slot, random: Random, { foreign }: Surroundings): void {
  if (!Array.isArray(value.content)) return;
  const addition = random.oneIn(3) ? nothing() : cloneValue(random.pick(foreign));
  value.content.splice(random.below(value.content.length + 1), 0, addition);
}

function wrap(slot: Slot, random: Random): void {
  const wrappers = [sequence, set, (value: Value) => octetString([value])];
  replace(slot, random.pick(wrappers)(slot.value));
}

function unwrap(slot: Slot): void {
  if (Array.isArray(slot.value.content)) replace(slot, ...slot.value.content);
}

/** Thousands of levels, in definite lengths or without an end. */
function nest({ value }: Slot, random: Random): void {
  const depth = chooseCount(random);
  const tag = random.pick([0x30, 0x31, 0xa0, 0x24]);
  const levels = random.oneIn(2) ? unended(depth, tag) : definite(depth, tag);
  delete value.password;
  value.content = levels;
}

function unended(depth: number, tag: number): Uint8Array {
  return new Uint8Array(2 * depth).map((_, i) => i % 2 === 0 ? tag : 0x80);
}

/** From the innermost level outwards: each has to count those inside it. */
function definite(depth: number, tag: number): Uint8Array {
  const octets = new Uint8Array(5 * depth);
  let start = octets.length;
  for (let level = 0; level < depth; level++) {
    const head = derHead(tag, octets.length - start);
    start -= head.length;
    octets.set(head, start);
  }
  return octets.subarray(start);
}

/** The value itself, or something tiny, over and over in its place. */
function multiply(slot: Slot, random: Random): void {
  const { value, siblings, index } = slot;
  const tiny = [Uint8Array.of(0x05, 0), Uint8Array.of(0x30, 0), TINY_BAG, TINY_CONTENT_INFO];
  const unit = random.oneIn(2) ? encodeValue(value, siblings[index - 1]) : random.pick(tiny);
  const count = Math.min(chooseCount(random), Math.ceil(MAX_MULTIPLIED_BYTES / unit.length));
  const many = new Uint8Array(count * unit.length);
  for (let i = 0; i < count; i++) many.set(unit, i * unit.length);
  replace(slot, { tag: value.tag, content: many, frame: (_, content) => content });
}

const TINY_BAG = Uint8Array.of(0x30, 7, 6, 1, 0x2a, 0xa0, 2, 5, 0);
const TINY_CONTENT_INFO = Uint8Array.of(0x30, 3, 6, 1, 0x2a);

function chooseCount(random: Random): number {
  return random.oneIn(ONE_HUGE_IN) ? HUGE_COUNT : random.pick(COUNTS);
}
