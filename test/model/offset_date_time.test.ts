import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatInstant } from "../../src/model/instant.ts";
import { parseOffsetDateTime } from "../../src/model/offset_date_time.ts";

const TEXTS: readonly (readonly [text: string, instant: string | undefined])[] = [
  ["2031-12-31T23:59:59Z", "2031-12-31T23:59:59.000Z"],
  ["2031-12-31t23:59:59z", "2031-12-31T23:59:59.000Z"],
  ["2031-12-31T23:59Z", "2031-12-31T23:59:00.000Z"],
  ["2031-12-31T23:59:59+05:30", "2031-12-31T18:29:59.000Z"],
  ["2031-12-31T23:59:59-05:00", "2032-01-01T04:59:59.000Z"],
  ["2031-12-31T23:59:59+0530", "2031-12-31T18:29:59.000Z"],
  ["2031-12-31T23:59:59-05", "2032-01-01T04:59:59.000Z"],
  ["2031-12-31T23:59:59-00:00", "2031-12-31T23:59:59.000Z"],
  ["2031-12-31T23:59:59.999Z", "2031-12-31T23:59:59.000Z"],
  ["2031-12-31T23:59:59.123456789+00:00", "2031-12-31T23:59:59.000Z"],
  ["2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ["9999-12-31T23:59:59-01:00", undefined],
  ["0000-01-01T00:00:00+01:00", undefined],
  ["2031-02-29T00:00:00Z", undefined],
  ["2031-12-31T24:00:00Z", undefined],
  ["2031-12-31T23:59:60Z", undefined],
  ["2031-12-31T23:59:59", undefined],
  ["2031-12-31T23:59:59+24:00", undefined],
  ["2031-12-31T23:59:59+05:60", undefined],
  ["2031-12-31T23:59:59+5:30", undefined],
  ["2031-12-31T23:59:59 Z", undefined],
  ["2031-12-31T23:59:59ZZ", undefined],
  ["2031-12-31T23:59:59Z\n", undefined],
  ["2031-12-31T23:59:59+05:30[Asia/Kolkata]", undefined],
  ["2031-12-31", undefined],
  ["2031-12-31Z", undefined],
  ["2031-12-31T23-05", undefined],
  ["12031-12-31T23:59:59Z", undefined],
  ["-2031-12-31T23:59:59Z", undefined],
  ["Z", undefined],
  ["", undefined],
];

for (const [text, instant] of TEXTS) {
  test(`reads ${JSON.stringify(text)} as ${instant ?? "no instant"}`, () => {
    const parsed = parseOffsetDateTime(text);
    assert.is(parsed && formatInstant(parsed), instant);
  });
}

test.run();
