import type { Random } from "../random.ts";
import type { Slot, Value } from "../value.ts";

/** One way to damage a value, or to write it otherwise. */
export interface Mutator {
  readonly name: string;
  /** How often it is chosen, in comparison to others that fit. */
  readonly weight: number;
  fits(slot: Slot): boolean;
  /** Changes the slot's value, or its siblings, in place. */
  apply(slot: Slot, random: Random, surroundings: Surroundings): void;
}

export interface Surroundings {
  /** Values of some other file. */
  readonly foreign: readonly Value[];
}

export function isConstructed({ value }: Slot): boolean {
  return Array.isArray(value.content);
}

export function hasOctets({ value }: Slot): boolean {
  return !Array.isArray(value.content);
}

export function octetsOf({ content }: Value): Uint8Array {
  return Array.isArray(content) ? new Uint8Array() : content;
}

/** Puts `values` in the place of the slot's own. */
export function replace({ siblings, index }: Slot, ...values: Value[]): void {
  siblings.splice(index, 1, ...values);
}
