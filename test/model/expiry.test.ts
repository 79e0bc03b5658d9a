import { test } from "uvu";
import * as assert from "uvu/assert";
import { expiryInstant, isExpired, parseExpiry } from "../../src/model/expiry.ts";
import type { Instant } from "../../src/model/instant.ts";
import { inZone } from "../support/in_zone.ts";

// What java.time.LocalDateTime.parse says of the same texts.
const PARSED: readonly (readonly [text: string, expiresOn: string | undefined])[] = [
  ["2031-12-31T23:59:59", "2031-12-31T23:59:59"],
  ["2021-06-30T12:00", "2021-06-30T12:00:00"],
  ["2021-06-30T12:00:00.120", "2021-06-30T12:00:00.12"],
  ["2021-06-30T12:00:00.000", "2021-06-30T12:00:00"],
  ["2024-02-29T00:00", "2024-02-29T00:00:00"],
  ["2031-12-31t23:59:59.", "2031-12-31T23:59:59"],
  ["2023-02-29T00:00", undefined],
  ["2023-04-31T00:00", undefined],
  ["2023-13-01T00:00", undefined],
  ["2023-12-01T24:00", undefined],
  ["2023-12-01T23:60", undefined],
  ["2023-12-01T23:59:60", undefined],
  ["2023-12-01 23:59", undefined],
  ["2023-12-01", undefined],
  ["2023-12-01T23:59Z", undefined],
  ["23-12-01T23:59", undefined],
  ["never", undefined],
  ["", undefined],
];

for (const [text, expiresOn] of PARSED) {
  test(`reads '${text}' as ${expiresOn ?? "no date"}`, () => {
    assert.is(parseExpiry(text)?.expiresOn, expiresOn);
  });
}

test("expires by the wall clock of this host", () => {
  const expiry = parseExpiry("2030-01-02T03:04:05");
  assert.ok(expiry);
  const instant = expiryInstant(expiry);
  assert.is(instant, new Date(2030, 0, 2, 3, 4, 5).getTime());
  assert.not(isExpired(expiry, instant - 1 as Instant));
  assert.not(isExpired(expiry, instant));
  assert.ok(isExpired(expiry, instant + 1 as Instant));
});

test("compares fractions as numbers", () => {
  const expiry = parseExpiry("2030-01-02T03:04:05.120");
  assert.ok(expiry);
  const at = (ms: number) => new Date(2030, 0, 2, 3, 4, 5, ms).getTime() as Instant;
  const expired = [0, 2, 119, 120, 121, 130, 200].map((ms) => isExpired(expiry, at(ms)));
  assert.equal(expired, [false, false, false, false, true, true, true]);
  assert.is(expiryInstant(expiry), at(120));
});

// The clock of New York is put on at 2026-03-08T07:00Z and back at 2026-11-01T06:00Z.
const UNTIL: readonly (readonly [expiresOn: string, zone: string, instant: string])[] = [
  ["2026-07-01T12:00:00", "UTC", "2026-07-01T12:00:00.000Z"],
  ["2026-07-01T12:00:00.5", "Asia/Kolkata", "2026-07-01T06:30:00.500Z"],
  ["2026-03-08T01:59:59", "America/New_York", "2026-03-08T06:59:59.000Z"],
  ["2026-03-08T02:00:00", "America/New_York", "2026-03-08T07:00:00.000Z"],
  ["2026-03-08T02:30:00.5", "America/New_York", "2026-03-08T07:00:00.000Z"],
  ["2026-03-08T03:00:00", "America/New_York", "2026-03-08T07:00:00.000Z"],
  ["2026-03-08T03:00:01", "America/New_York", "2026-03-08T07:00:01.000Z"],
  ["2026-11-01T00:59:59", "America/New_York", "2026-11-01T04:59:59.000Z"],
  ["2026-11-01T01:00:00", "America/New_York", "2026-11-01T06:00:00.000Z"],
  ["2026-11-01T01:30:00", "America/New_York", "2026-11-01T06:30:00.000Z"],
  ["2026-11-01T02:00:00", "America/New_York", "2026-11-01T07:00:00.000Z"],
];

for (const [expiresOn, zone, instant] of UNTIL) {
  test(`a key that expires on ${expiresOn} in ${zone} is honoured up to ${instant}`, async () => {
    const [until] = await inZone(zone, "until", [[expiresOn]]);
    assert.is(new Date(until ?? NaN).toISOString(), instant);
  });
}

test("stores the whole second before a fraction of one", async () => {
  const instant = Date.parse("2026-07-01T12:00:00Z");
  const calls = [0, 1, 999, 1000].map((ms) => [instant + ms] as [number]);
  const stored = await inZone("UTC", "upTo", calls);
  const second = "2026-07-01T12:00:00";
  assert.equal(stored, [second, second, second, "2026-07-01T12:00:01"]);
});

test.run();
