/**
 * The program behind in_zone.ts: calls functions of the model under its own TZ. Its one argument is
 * a JSON array of calls, each a name and arguments; it prints the JSON array of the results.
 */
import process from "node:process";
import { AppError } from "../../src/errors.ts";
import {
  type Expiry,
  expiryInstant,
  expiryUpTo,
  isExpired,
  parseExpiry,
} from "../../src/model/expiry.ts";
import type { Instant } from "../../src/model/instant.ts";
import { chooseExpiry, type WantedExpiry } from "../../src/service/expiry.ts";

function expiryOf(text: string): Expiry {
  const expiry = parseExpiry(text);
  if (expiry === undefined) throw new TypeError(`no expiry: ${text}`);
  return expiry;
}

/** As KeystoreTool.java does it, so that both can be compared. */
function flips(expiresOn: string, fromMs: number, toMs: number, stepMs: number): number[] {
  const expiry = expiryOf(expiresOn);
  const found: number[] = [];
  let wasExpired = false;
  for (let now = fromMs; now < toMs; now += stepMs) {
    if (isExpired(expiry, now as Instant) === wasExpired) continue;
    wasExpired = !wasExpired;
    found.push(now);
  }
  return found;
}

/** @returns the code and the text in place of an expiry that is refused */
function choose(wanted: WantedExpiry, nowMs: number): string | readonly [string, string] {
  try {
    return chooseExpiry(wanted, nowMs as Instant).expiresOn;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.code, error.message];
  }
}

const FUNCTIONS = {
  flips,
  choose,
  upTo: (epochMs: number) => expiryUpTo(epochMs as Instant)?.expiresOn ?? null,
  until: (expiresOn: string) => expiryInstant(expiryOf(expiresOn)),
};

export type Functions = typeof FUNCTIONS;

const calls = JSON.parse(process.argv[2] ?? "[]") as [keyof Functions, ...unknown[]][];
const results = calls.map(([name, ...args]) => {
  return (FUNCTIONS[name] as (...args: unknown[]) => unknown)(...args);
});
console.log(JSON.stringify(results));
