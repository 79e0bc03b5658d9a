import type { Random } from "../random.ts";

type ByteMutator = (bytes: Uint8Array, random: Random, foreign: Uint8Array) => Uint8Array;

/** Damage that knows nothing of the format. */
export const BYTE_MUTATORS: Readonly<Record<string, ByteMutator>> = {
  "bit flipped": (bytes, random) =>
    change(bytes, random, (octet) => octet ^ (1 << random.below(8))),
  "octet replaced": (bytes, random) => change(bytes, random, () => random.pick(OCTETS)),
  "cut off": (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  "more behind it": (bytes, random) => join(bytes, random.bytes(1 + random.below(20))),
  "octets inserted": (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return join(bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at));
  },
  "octets removed": (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return join(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16)));
  },
  "octets of another file": (bytes, random, foreign) => {
    const at = random.below(bytes.length + 1);
    const from = random.below(foreign.length + 1);
    return join(bytes.subarray(0, at), foreign.subarray(from));
  },
  "noise": (_, random) => random.bytes(random.below(200)),
};

const OCTETS = [
  0x00,
  0x01,
  0x02,
  0x04,
  0x05,
  0x06,
  0x1f,
  0x24,
  0x30,
  0x31,
  0x7f,
  0x80,
  0x81,
  0x84,
  0xa0,
  0xff,
];

function change(bytes: Uint8Array, random: Random, by: (octet: number) => number): Uint8Array {
  const changed = bytes.slice();
  const at = random.below(bytes.length);
  if (bytes.length > 0) changed[at] = by(changed[at] ?? 0);
  return changed;
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
