import { randomInt } from "node:crypto";
import process from "node:process";

/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 up to, but without, `limit`. */
  below(limit: number): number;
  integer(limit: number): number;
}

/** The number in an environment variable, to run a test longer or over again. */
export function setting(name: string, otherwise: number): number {
  const value = Number(process.env[name] || otherwise);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${name} is no whole number`);
  return value;
}

/** The seed in an environment variable, else one that nobody chose. */
export function seedSetting(name: string): number {
  return setting(name, randomInt(1, 2 ** 31));
}

/** mulberry32, by Tommy Ettinger. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => next() * limit,
    integer: (limit) => Math.floor(next() * limit),
  };
}
