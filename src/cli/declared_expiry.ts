import { AppError } from "../errors.ts";
import { expiryUpTo, isExpired, parseExpiry } from "../model/expiry.ts";
import type { Instant } from "../model/instant.ts";
import { parseOffsetDateTime } from "../model/offset_date_time.ts";
import { printable } from "../model/printable.ts";
import type { Key } from "../protocol/keys.ts";
import type { DeclaredKey } from "./declaration.ts";

/** As the API takes it; neither for a key that is declared to expire never. */
export interface DeclaredExpiry {
  readonly expiresAt?: string;
  readonly expiresOn?: string;
}

/**
 * @returns undefined where nothing is declared
 * @throws AppError ERR_USAGE
 */
export function declaredExpiry(declared: DeclaredKey): DeclaredExpiry | undefined {
  const { alias, expiresAt, expiresOn } = declared;
  if (expiresAt !== undefined && expiresOn !== undefined) {
    throw usage(alias, "expiresAt and expiresOn: give one of them");
  }
  if (typeof expiresOn === "string") return { expiresOn: localTime(alias, expiresOn) };
  if (typeof expiresAt === "string") {
    instantOf(alias, expiresAt);
    return { expiresAt };
  }
  return expiresAt === null || expiresOn === null ? {} : undefined;
}

/**
 * Whether a key that is made now would have expired.
 *
 * @throws AppError ERR_USAGE for an expiry after the year 9999
 */
export function isPast(alias: string, declared: DeclaredExpiry, nowMs: number): boolean {
  const { expiresAt, expiresOn } = declared;
  if (expiresAt === undefined && expiresOn === undefined) return false;
  const expiry = expiresOn === undefined
    ? expiryUpTo(instantOf(alias, expiresAt ?? ""))
    : parseExpiry(expiresOn);
  if (expiry === undefined) throw usage(alias, "an expiry after the year 9999 cannot be stored");
  return isExpired(expiry, nowMs as Instant);
}

/**
 * Whether that is when this key expires: by the host's clock or, where this host's zone may not be the
 * daemon's, at the same second.
 */
export function isStoredAs(declared: DeclaredExpiry, actual: Key): boolean {
  const { expiresOn, expiresAt } = declared;
  if (expiresOn !== undefined) return expiresOn === actual.expiresOn;
  if (expiresAt === undefined) return actual.expiresOn === null;
  const instant = instantOf(actual.alias, expiresAt);
  const stored = actual.expiresAt === null ? undefined : Date.parse(actual.expiresAt);
  return instant === stored || expiryUpTo(instant)?.expiresOn === actual.expiresOn;
}

function localTime(alias: string, text: string): string {
  const expiry = parseExpiry(text);
  if (expiry !== undefined) return expiry.expiresOn;
  if (parseOffsetDateTime(text) !== undefined) {
    throw usage(alias, `expiresOn has no zone: give '${printable(text)}' as expiresAt`);
  }
  throw usage(alias, `no expiresOn: '${printable(text)}'; give one such as 2031-12-31T23:59:59`);
}

function instantOf(alias: string, text: string): Instant {
  const instant = parseOffsetDateTime(text);
  if (instant !== undefined) return instant;
  if (parseExpiry(text) !== undefined) {
    throw usage(alias, `expiresAt has a zone: add it to '${printable(text)}', or give expiresOn`);
  }
  throw usage(alias, `no expiresAt: '${printable(text)}'; give one such as 2031-12-31T23:59:59Z`);
}

function usage(alias: string, text: string): AppError {
  return new AppError("ERR_USAGE", `'${printable(alias)}': ${text}`);
}
