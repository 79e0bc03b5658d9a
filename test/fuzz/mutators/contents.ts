import { OID } from "../../../src/pkcs12/oid.ts";
import { TAG } from "../../../src/pkcs12/tag.ts";
import { BAG, CMS } from "../bags.ts";
import { integer, objectIdentifier } from "../build.ts";
import type { Random } from "../random.ts";
import type { Slot } from "../value.ts";
import { hasOctets, type Mutator, octetsOf } from "./mutator.ts";

/** Other octets, other types, other numbers, other identifiers. */
export const CONTENT_MUTATORS: readonly Mutator[] = [
  { name: "bit flipped", weight: 3, fits: hasSomeOctets, apply: flipBit },
  { name: "octets replaced", weight: 1, fits: hasOctets, apply: randomize },
  { name: "cut short", weight: 2, fits: hasSomeOctets, apply: cut },
  { name: "grown", weight: 1, fits: hasOctets, apply: grow },
  { name: "other tag", weight: 2, fits: () => true, apply: retag },
  { name: "other class or form", weight: 1, fits: () => true, apply: flipTagBit },
  { name: "extreme integer", weight: 12, fits: hasTag(TAG.INTEGER), apply: setInteger },
  { name: "known OID", weight: 3, fits: hasTag(TAG.OBJECT_IDENTIFIER), apply: setKnownOid },
  { name: "odd OID", weight: 2, fits: hasTag(TAG.OBJECT_IDENTIFIER), apply: setOddOid },
];

const TAGS = [...Object.values(TAG), 0x01, 0x03, 0x0c, 0x13, 0x16, 0x1f, 0x24, 0x3f, 0x81, 0xa1];
const CLASS_AND_FORM_BITS = [0x20, 0x40, 0x80];

const INTEGERS: readonly (readonly number[])[] = [
  [],
  [0x00],
  [0x01],
  [0x02],
  [0x03],
  [0x7f],
  [0x80],
  [0xff],
  [0x00, 0x01],
  [0x00, 0x80],
  [0x80, 0x00],
  [0x27, 0x10],
  [0x00, 0x98, 0x96, 0x81],
  [0x7f, 0xff, 0xff, 0xff],
  [0x00, 0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  Array<number>(40).fill(0x7f),
];

const KNOWN_OIDS: readonly string[] = [
  ...Object.values(OID),
  ...Object.values(BAG),
  ...Object.values(CMS),
  "1.2.840.113549.1.12.1.6",
  "1.2.840.113549.1.5.14",
  "1.2.840.113549.2.5",
];

const ODD_OIDS: readonly (readonly number[])[] = [
  [],
  [0x00],
  [0x80],
  [0x80, 0x01],
  [0x2a, 0x80, 0x01],
  [0x2a, 0x86],
  [0x69, ...Array<number>(19).fill(0xff), 0x7f],
  Array<number>(64).fill(0x2a),
  Array<number>(65).fill(0x2a),
  [...Array<number>(63).fill(0xff), 0x7f],
];

function hasTag(tag: number): Mutator["fits"] {
  return ({ value }) => value.tag === tag;
}

function hasSomeOctets({ value }: Slot): boolean {
  return octetsOf(value).length > 0;
}

function flipBit({ value }: Slot, random: Random): void {
  const octets = octetsOf(value).slice();
  const at = random.below(octets.length);
  octets[at] = (octets[at] ?? 0) ^ (1 << random.below(8));
  value.content = octets;
}

function randomize({ value }: Slot, random: Random): void {
  value.content = random.bytes(octetsOf(value).length);
}

function cut({ value }: Slot, random: Random): void {
  const octets = octetsOf(value);
  value.content = octets.subarray(0, random.below(octets.length));
}

function grow({ value }: Slot, random: Random): void {
  const length = random.pick([1, 2, 8, 16, 100, 1_000, 70_000]);
  value.content = Buffer.concat([octetsOf(value), new Uint8Array(length).fill(random.below(256))]);
}

function retag({ value }: Slot, random: Random): void {
  value.tag = random.pick(TAGS);
}

function flipTagBit({ value }: Slot, random: Random): void {
  value.tag ^= random.pick(CLASS_AND_FORM_BITS);
}

function setInteger({ value }: Slot, random: Random): void {
  const few = integer(1 + random.below(200));
  value.content = random.oneIn(4) ? few.content : Uint8Array.from(random.pick(INTEGERS));
}

function setKnownOid({ value }: Slot, random: Random): void {
  value.content = objectIdentifier(random.pick(KNOWN_OIDS)).content;
}

function setOddOid({ value }: Slot, random: Random): void {
  value.content = Uint8Array.from(random.pick(ODD_OIDS));
}
