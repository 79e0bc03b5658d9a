import { DerReader } from "../../src/pkcs12/der_reader.ts";
import { wrapDer } from "../../src/pkcs12/der_writer.ts";
import { sealUnder } from "./sealing.ts";

/** One value of a DER file, in a form that can be damaged piece by piece. */
export interface Value {
  tag: number;
  /** Values where there are any inside, even in an OCTET STRING or sealed; else octets. */
  content: Value[] | Uint8Array;
  /**
   * The content is sealed with this password under the AlgorithmIdentifier that stands before this
   * value, whatever has become of that.
   */
  password?: string;
  /** Writes the value where DER's way is not wanted. */
  frame?: Frame;
}

export type Frame = (tag: number, content: Uint8Array) => Uint8Array;

const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
const CONSTRUCTED = 0x20;

/** The values that these octets are, one after the other; undefined unless they are just that. */
export function parseValues(bytes: Uint8Array): Value[] | undefined {
  try {
    const reader = new DerReader(bytes);
    const values: Value[] = [];
    while (reader.nextTag !== undefined) {
      const tag = reader.nextTag;
      values.push({ tag, content: parseContent(tag, reader.content(tag)) });
    }
    return values;
  } catch {
    return undefined;
  }
}

function parseContent(tag: number, content: Uint8Array): Value[] | Uint8Array {
  if ((tag & CONSTRUCTED) !== 0) return parseValues(content) ?? content;
  if (tag !== OCTET_STRING || content[0] !== SEQUENCE) return content;
  const values = parseValues(content);
  return values?.length === 1 ? values : content;
}

/** @param before the value that this one follows */
export function encodeValue(value: Value, before?: Value): Uint8Array {
  const content = encodeContent(value, before);
  if (value.frame !== undefined) return value.frame(value.tag, content);
  return Buffer.concat(wrapDer(value.tag, [content]));
}

/** The octets inside, sealed where they are to be. */
export function encodeContent({ content, password }: Value, before?: Value): Uint8Array {
  const octets = encodeContents(content);
  if (password === undefined) return octets;
  return sealUnder(before && encodeValue(before), password, octets);
}

function encodeContents(content: Value["content"]): Uint8Array {
  if (!Array.isArray(content)) return content;
  return Buffer.concat(content.map((value, index) => encodeValue(value, content[index - 1])));
}

export function cloneValue(value: Value): Value {
  const { content } = value;
  return { ...value, content: Array.isArray(content) ? content.map(cloneValue) : content };
}

/** Where a value stands in a tree. */
export interface Slot {
  readonly value: Value;
  readonly siblings: Value[];
  readonly index: number;
}

/** Every value below `root`, parents first. */
export function slotsBelow(root: Value): Slot[] {
  const slots: Slot[] = [];
  const visit = (siblings: Value[]) => {
    for (const [index, value] of siblings.entries()) {
      slots.push({ value, siblings, index });
      if (Array.isArray(value.content)) visit(value.content);
    }
  };
  if (Array.isArray(root.content)) visit(root.content);
  return slots;
}

/** The value at a path of positions below `value`. */
export function valueAt(value: Value | undefined, ...path: readonly number[]): Value | undefined {
  let current = value;
  for (const index of path) {
    current = Array.isArray(current?.content) ? current.content[index] : undefined;
  }
  return current;
}
