const UNITS = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;
const UNIT_SECONDS = [7 * 24 * 60 * 60, 24 * 60 * 60, 60 * 60, 60, 1];

/**
 * The seconds of a duration such as `30d`, `12h` or `1d12h`: weeks, days, hours, minutes, seconds, in
 * this order. A day has 24 hours, whatever clocks do meanwhile.
 *
 * @returns undefined for anything else, and for nothing at all (`0d`)
 */
export function parseDurationSeconds(text: string): number | undefined {
  const [, ...amounts] = UNITS.exec(text) ?? [];
  const seconds = UNIT_SECONDS.reduce(
    (sum, unit, index) => sum + unit * Number(amounts[index] ?? 0),
    0,
  );
  return seconds > 0 ? seconds : undefined;
}

/** The same, or none at all: `0`, `0s`. */
export function parseGraceSeconds(text: string): number | undefined {
  return /^0[wdhms]?$/.test(text) ? 0 : parseDurationSeconds(text);
}
