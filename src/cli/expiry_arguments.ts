import { AppError } from "../errors.ts";
import { parseDurationSeconds } from "../model/duration.ts";
import { parseExpiry } from "../model/expiry.ts";
import { formatInstant } from "../model/instant.ts";
import { parseOffsetDateTime } from "../model/offset_date_time.ts";
import { printable } from "../model/printable.ts";
import type { CreatedKey, WantedExpiry } from "../protocol/keys.ts";
import type { Arguments, OptionSpec } from "./option.ts";

export const EXPIRY_OPTIONS: readonly OptionSpec[] = [
  {
    name: "expires-on",
    value: "TIME",
    description: "Let it expire at 2031-12-31T23:59:59 (the host's time), …:59Z or …:59+05:30",
  },
  {
    name: "expires-in",
    value: "DURATION",
    description: "Let it expire after 30d, 12h, 1d12h, …: w, d (24 hours), h, m, s",
  },
];

/** When a key is to expire, as the API is asked for it. */
export type AskedExpiry = WantedExpiry;

/** @throws AppError ERR_USAGE */
export function askedExpiry(args: Arguments): AskedExpiry {
  const [time, duration] = [args.value("expires-on"), args.value("expires-in")];
  if (time !== undefined && duration !== undefined) {
    throw usage("--expires-on and --expires-in: give one of them");
  }
  if (time !== undefined) return parseTime(time);
  return duration === undefined ? {} : { expiresInSeconds: parseDuration(duration) };
}

/** A time without a zone goes as it is: whoever stores it knows which zone the host has. */
function parseTime(typed: string): AskedExpiry {
  const text = typed.replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, "$1T");
  const expiry = parseExpiry(text);
  if (expiry !== undefined) return expiry;
  const instant = parseOffsetDateTime(text);
  if (instant !== undefined) return { expiresAt: formatInstant(instant) };
  const day = /^\d{4}-\d\d-\d\d$/.test(text) && parseExpiry(`${text}T23:59:59`);
  if (day) throw usage(`--expires-on '${text}' has no time of day: ${day.expiresOn} is its end`);
  const examples = "2031-12-31T23:59:59, 2031-12-31T23:59:59Z or 2031-12-31T23:59:59+05:30";
  throw usage(`invalid --expires-on '${printable(typed)}': give a time such as ${examples}`);
}

function parseDuration(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined) return seconds;
  throw usage(
    `invalid --expires-in '${printable(text)}': give a duration such as 30d, 12h or 1d12h`,
  );
}

/**
 * When a new key expires: by the clock that MetricsHub goes by, and as an instant, so that a wrong zone
 * or unit is seen; undefined for one that does not.
 */
export function describeStoredExpiry(
  asked: AskedExpiry,
  created: CreatedKey,
): string | undefined {
  const { expiresAt, expiresOn } = created;
  if (expiresAt === null || expiresOn === null) return undefined;
  const text = `the key expires on ${printable(expiresOn)} by the host's clock, ${expiresAt}`;
  const askedMs = askedEpochMs(asked, created);
  // Less than that is the rounding to whole seconds.
  if (askedMs === undefined || askedMs - Date.parse(expiresAt) < 1000) return text;
  return `${text}: that clock repeats the time asked for, and MetricsHub would honour the key in ` +
    "both passes";
}

/** @returns undefined for no instant: no expiry, or one by the host's clock, which is kept as it is */
function askedEpochMs(asked: AskedExpiry, { createdAt }: CreatedKey): number | undefined {
  const { expiresAt, expiresInSeconds } = asked;
  if (expiresAt !== undefined) return Date.parse(expiresAt);
  if (expiresInSeconds === undefined || createdAt === null) return undefined;
  return Date.parse(createdAt) + expiresInSeconds * 1000;
}

function usage(text: string): AppError {
  return new AppError("ERR_USAGE", text);
}
