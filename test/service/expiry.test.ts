import { test } from "uvu";
import * as assert from "uvu/assert";
import { inZone } from "../support/in_zone.ts";

const PAST = ["ERR_EXPIRY_PAST", "Expiration date time must be in the future"];
const SET_BACK = [
  PAST[0],
  `${PAST[1]} by this host's clock too, which is set back before then: give a later one`,
];
const TOO_LATE = ["ERR_INVALID_REQUEST", "an expiry after the year 9999 cannot be stored"];

type Wanted = { expiresOn: string } | { expiresAt: string } | { expiresInSeconds: number };

type Choice = readonly [
  now: string,
  wanted: Wanted,
  /** What is stored, or the code and the text of the refusal. */
  chosen: string | readonly (string | undefined)[],
];

// The clock is put on at 2026-03-08T07:00Z and back at 2026-11-01T06:00Z.
const NEW_YORK: readonly Choice[] = [
  ["2026-07-01T12:00:00Z", { expiresOn: "2026-07-01T08:00:01" }, "2026-07-01T08:00:01"],
  ["2026-07-01T12:00:00Z", { expiresOn: "2026-07-01T08:00:00" }, "2026-07-01T08:00:00"],
  ["2026-07-01T12:00:00.001Z", { expiresOn: "2026-07-01T08:00:00" }, PAST],
  ["2026-07-01T12:00:00Z", { expiresOn: "2026-07-01T07:59:59" }, PAST],
  ["2026-07-01T12:00:00Z", { expiresOn: "9999-12-31T23:59:59.5" }, "9999-12-31T23:59:59.5"],

  ["2026-07-01T12:00:00Z", { expiresAt: "2026-12-01T12:00:00Z" }, "2026-12-01T07:00:00"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-07-01T12:00:01Z" }, "2026-07-01T08:00:01"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-07-01T12:00:00Z" }, "2026-07-01T08:00:00"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-07-01T11:59:59Z" }, PAST],
  ["2026-07-01T12:00:00Z", { expiresAt: "0000-01-01T00:00:00Z" }, PAST],
  ["2026-07-01T12:00:00Z", { expiresAt: "+010000-01-01T04:59:59Z" }, "9999-12-31T23:59:59"],
  ["2026-07-01T12:00:00Z", { expiresAt: "+010000-01-01T05:00:00Z" }, TOO_LATE],

  ["2026-07-01T12:00:00.999Z", { expiresInSeconds: 1 }, "2026-07-01T08:00:01"],
  ["2026-07-01T12:00:00Z", { expiresInSeconds: 5 * 86_400 }, "2026-07-06T08:00:00"],
  ["2026-03-07T12:00:00Z", { expiresInSeconds: 2 * 86_400 }, "2026-03-09T08:00:00"],
  ["2026-10-31T12:00:00Z", { expiresInSeconds: 2 * 86_400 }, "2026-11-02T07:00:00"],
  ["2026-07-01T12:00:00Z", { expiresInSeconds: 251_637_000_000 }, TOO_LATE],
  ["2026-07-01T12:00:00Z", { expiresInSeconds: Number.MAX_SAFE_INTEGER }, TOO_LATE],

  // To the first pass of the repeated hour: as long as asked only up to its beginning.
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T04:59:59Z" }, "2026-11-01T00:59:59"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T05:00:00Z" }, "2026-11-01T00:59:59"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T05:30:00Z" }, "2026-11-01T00:59:59"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T05:59:59Z" }, "2026-11-01T00:59:59"],
  ["2026-11-01T04:30:00Z", { expiresInSeconds: 3_600 }, "2026-11-01T00:59:59"],
  // To the second one, and after it.
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T06:00:00Z" }, "2026-11-01T01:00:00"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T06:30:00Z" }, "2026-11-01T01:30:00"],
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T07:00:00Z" }, "2026-11-01T02:00:00"],
  // From the first pass, in which the clock has been there already.
  ["2026-11-01T05:10:00Z", { expiresInSeconds: 1_200 }, SET_BACK],
  ["2026-11-01T05:45:00Z", { expiresInSeconds: 1_800 }, SET_BACK],
  ["2026-11-01T05:45:00Z", { expiresInSeconds: 3_600 }, "2026-11-01T01:45:00"],
  ["2026-11-01T06:10:00Z", { expiresInSeconds: 1_200 }, "2026-11-01T01:30:00"],
  ["2026-11-01T06:10:00Z", { expiresAt: "2026-11-01T05:30:00Z" }, PAST],
  ["2026-11-01T05:45:00Z", { expiresOn: "2026-11-01T01:15:00" }, PAST],
  // What the clock skips is stored as it was given.
  ["2026-01-01T12:00:00Z", { expiresOn: "2026-03-08T02:30:00" }, "2026-03-08T02:30:00"],
  ["2026-01-01T12:00:00Z", { expiresAt: "2026-03-08T06:59:59Z" }, "2026-03-08T01:59:59"],
  ["2026-01-01T12:00:00Z", { expiresAt: "2026-03-08T07:00:00Z" }, "2026-03-08T03:00:00"],
];

const KOLKATA: readonly Choice[] = [
  ["2026-07-01T12:00:00Z", { expiresAt: "2026-11-01T06:30:00Z" }, "2026-11-01T12:00:00"],
  ["2026-07-01T12:00:00Z", { expiresAt: "9999-12-31T18:29:59Z" }, "9999-12-31T23:59:59"],
  ["2026-07-01T12:00:00Z", { expiresAt: "9999-12-31T18:30:00Z" }, TOO_LATE],
  ["2026-07-01T12:00:00Z", { expiresOn: "2026-07-01T17:30:01" }, "2026-07-01T17:30:01"],
  ["2026-07-01T12:00:00Z", { expiresOn: "2026-07-01T17:29:59" }, PAST],
];

// Settings that name no zone, or not the one that one would think: whatever they mean, it is one thing.
const ODD_ZONES = ["", "GMT+5", "UTC+5", "/usr/share/zoneinfo/America/New_York", "nowhere"];

for (
  const [zone, choices] of [["America/New_York", NEW_YORK], ["Asia/Kolkata", KOLKATA]] as const
) {
  test(`chooses what is stored in ${zone}`, async () => {
    const calls = choices.map(([now, wanted]) => [asCalled(wanted), Date.parse(now)] as const);
    const chosen = await inZone(zone, "choose", calls as never);
    for (const [index, [now, wanted, expected]] of choices.entries()) {
      assert.equal(chosen[index], expected, `${JSON.stringify(wanted)} from ${now} on`);
    }
  });
}

for (const zone of ODD_ZONES) {
  test(`an hour is an hour where TZ is '${zone}'`, async () => {
    const now = Date.parse("2026-07-01T12:00:00Z");
    const [chosen] = await inZone(zone, "choose", [[{ expiresInSeconds: 3_600 }, now]]);
    assert.type(chosen, "string");
    const from = now - 24 * 3_600_000;
    const to = now + 24 * 3_600_000;
    const [flips] = await inZone(zone, "flips", [[String(chosen), from, to, 1_000]]);
    assert.equal(flips, [now + 3_601_000]);
  });
}

function asCalled(wanted: Wanted): unknown {
  return "expiresAt" in wanted
    ? { expiresAt: Date.parse(wanted.expiresAt) }
    : "expiresOn" in wanted
    ? { expiresOn: wanted }
    : wanted;
}

test.run();
