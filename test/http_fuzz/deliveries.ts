/** How the octets of a case reach the daemon. */
export interface Delivery {
  readonly name: string;
  /** In which pieces. */
  readonly split: (bytes: Uint8Array) => readonly Uint8Array[];
  /** What happens after the last piece. */
  readonly then: "wait" | "half-close" | "reset";
}

const MAX_PIECES = 60;

export const DELIVERIES: readonly Delivery[] = [
  { name: "at once", split: whole, then: "wait" },
  { name: "at once, half-closed", split: whole, then: "half-close" },
  { name: "at once, reset", split: whole, then: "reset" },
  { name: "octet by octet", split: byOctets, then: "wait" },
  { name: "octet by octet, half-closed", split: byOctets, then: "half-close" },
  { name: "in halves", split: halves, then: "wait" },
  { name: "first half, reset", split: (bytes) => halves(bytes).slice(0, 1), then: "reset" },
  {
    name: "first half, half-closed",
    split: (bytes) => halves(bytes).slice(0, 1),
    then: "half-close",
  },
];

function whole(bytes: Uint8Array): readonly Uint8Array[] {
  return [bytes];
}

function halves(bytes: Uint8Array): readonly Uint8Array[] {
  const middle = bytes.length >> 1;
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

/** The first octets one by one, then the rest. */
function byOctets(bytes: Uint8Array): readonly Uint8Array[] {
  const count = Math.min(bytes.length, MAX_PIECES);
  const octets = Array.from({ length: count }, (_, i) => bytes.subarray(i, i + 1));
  return [...octets, bytes.subarray(count)];
}
