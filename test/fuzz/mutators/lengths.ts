import { derHead } from "../build.ts";
import type { Random } from "../random.ts";
import { encodeContent, type Frame, type Slot, type Value } from "../value.ts";
import { isConstructed, type Mutator } from "./mutator.ts";

const CONSTRUCTED = 0x20;
const OCTET_STRING = 0x04;
const CONTEXT_0_PRIMITIVE = 0x80;
const END_OF_CONTENT = Uint8Array.of(0, 0);

/** Lengths that are not true. */
export const LENGTH_MUTATORS: readonly Mutator[] = [
  {
    name: "length too long",
    weight: 2,
    fits: always,
    apply: framing((r) => lying(1 + r.below(300))),
  },
  {
    name: "length too short",
    weight: 2,
    fits: always,
    apply: framing((r) => lying(-1 - r.below(40))),
  },
  { name: "huge length", weight: 2, fits: always, apply: framing((r) => fixed(r.pick(HUGE))) },
  { name: "indefinite without end", weight: 1, fits: always, apply: framing(() => unended) },
];

/** What BER allows but DER does not. */
export const BER_MUTATORS: readonly Mutator[] = [
  { name: "length padded", weight: 3, fits: always, apply: framing((r) => padded(1 + r.below(3))) },
  { name: "indefinite length", weight: 4, fits: isConstructed, apply: framing(() => indefinite) },
  { name: "segments", weight: 4, fits: isString, apply: segment },
  {
    name: "indefinite throughout",
    weight: 1,
    fits: isConstructed,
    apply: ({ value }, random) => writeIndefinite(value, random),
  },
];

const HUGE: readonly (readonly number[])[] = [
  [0x80],
  [0xff],
  [0x84, 0x7f, 0xff, 0xff, 0xff],
  [0x84, 0xff, 0xff, 0xff, 0xff],
  [0x85, 1, 0, 0, 0, 0],
  [0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x90, ...Array<number>(16).fill(0)],
];

function always(): boolean {
  return true;
}

function isString({ value }: Slot): boolean {
  return value.tag === OCTET_STRING || value.tag === CONTEXT_0_PRIMITIVE;
}

function framing(choose: (random: Random) => Frame): Mutator["apply"] {
  return ({ value }, random) => {
    value.frame = choose(random);
  };
}

function fixed(length: readonly number[]): Frame {
  return (tag, content) => Buffer.concat([Uint8Array.of(tag, ...length), content]);
}

function lying(by: number): Frame {
  return (tag, content) => Buffer.concat([derHead(tag, Math.max(0, content.length + by)), content]);
}

function padded(zeros: number): Frame {
  return (tag, content) => {
    const length = [content.length >> 16, content.length >> 8 & 0xff, content.length & 0xff];
    return fixed([0x80 + zeros + 3, ...Array<number>(zeros).fill(0), ...length])(tag, content);
  };
}

const indefinite: Frame = (tag, content) =>
  Buffer.concat([Uint8Array.of(tag, 0x80), content, END_OF_CONTENT]);

const unended: Frame = (tag, content) => fixed([0x80])(tag, content);

/** A string in pieces; now and then one of them in pieces again, or of another type. */
function segment(slot: Slot, random: Random): void {
  const { value, siblings, index } = slot;
  const octets = encodeContent(value, siblings[index - 1]);
  delete value.password;
  value.tag |= CONSTRUCTED;
  value.content = pieces(octets, 1 + random.below(3));
  if (random.oneIn(2)) value.frame = indefinite;
  const odd = random.pick(value.content);
  if (random.oneIn(8)) odd.tag = random.pick([0x02, 0x0c, 0x24, 0x30, 0x80]);
  else if (random.oneIn(4)) segment({ value: odd, siblings: value.content, index: 0 }, random);
}

function pieces(octets: Uint8Array, count: number): Value[] {
  const size = Math.max(1, Math.ceil(octets.length / count));
  const starts = Array.from({ length: count }, (_, i) => i * size);
  return starts.map((start) => ({
    tag: OCTET_STRING,
    content: octets.subarray(start, start + size),
  }));
}

function writeIndefinite(value: Value, random: Random): void {
  if (!Array.isArray(value.content)) return;
  for (const child of value.content) writeIndefinite(child, random);
  if ((value.tag & CONSTRUCTED) !== 0) value.frame = indefinite;
}
