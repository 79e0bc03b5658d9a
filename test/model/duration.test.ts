import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseDurationSeconds } from "../../src/model/duration.ts";

const DURATIONS: readonly (readonly [text: string, seconds: number | undefined])[] = [
  ["1s", 1],
  ["45m", 2_700],
  ["12h", 43_200],
  ["30d", 2_592_000],
  ["2w", 1_209_600],
  ["1d12h", 129_600],
  ["1w1d1h1m1s", 694_861],
  ["0d1s", 1],
  ["007d", 604_800],
  ["90m", 5_400],
  ["999999999w", 604_799_999_395_200],
  ["", undefined],
  ["0d", undefined],
  ["0w0d0h0m0s", undefined],
  ["30", undefined],
  ["d", undefined],
  ["-1d", undefined],
  ["+1d", undefined],
  ["1.5d", undefined],
  ["1e3d", undefined],
  ["12h1d", undefined],
  ["1d1d", undefined],
  ["1d 12h", undefined],
  [" 1d", undefined],
  ["1d\n", undefined],
  ["1y", undefined],
  ["1D", undefined],
  ["P30D", undefined],
  ["9999999999s", undefined],
  ["٣d", undefined],
];

for (const [text, seconds] of DURATIONS) {
  test(`reads '${text}' as ${seconds ?? "no"} seconds`, () => {
    assert.is(parseDurationSeconds(text), seconds);
  });
}

test.run();
