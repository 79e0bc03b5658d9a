declare const brand: unique symbol;

/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [brand]: "Instant" };

/** Tells the present; a parameter wherever time matters, so that tests can set it. */
export type Clock = () => Instant;

const MAX_EPOCH_MS = 8.64e15;

/** @returns undefined for what ECMAScript cannot express as a date. */
export function parseEpochMs(value: number): Instant | undefined {
  return Number.isInteger(value) && Math.abs(value) <= MAX_EPOCH_MS ? value as Instant : undefined;
}

export const systemClock: Clock = () => Date.now() as Instant;

/** RFC 3339, UTC, to the millisecond. */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString();
}
