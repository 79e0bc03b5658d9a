import { test } from "uvu";
import * as assert from "uvu/assert";
import { expiryInstant, isExpired, parseExpiry } from "../../src/model/expiry.ts";
import type { Instant } from "../../src/model/instant.ts";

// What java.time.LocalDateTime.parse says of the same texts.
const PARSED: readonly (readonly [text: string, expiresOn: string | undefined])[] = [
  ["2031-12-31T23:59:59", "2031-12-31T23:59:59"],
  ["2021-06-30T12:00", "2021-06-30T12:00:00"],
  ["2021-06-30T12:00:00.120", "2021-06-30T12:00:00.12"],
  ["2021-06-30T12:00:00.000", "2021-06-30T12:00:00"],
  ["2024-02-29T00:00", "2024-02-29T00:00:00"],
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
  assert.ok(isExpired(expiry, instant + 1 as Instant));
});

test.run();
