import { test } from "uvu";
import * as assert from "uvu/assert";
import { growth } from "../../scripts/bench/growth.ts";

const SIZES = [10, 100, 1000, 10_000, 100_000];

interface Row {
  readonly name: string;
  readonly cost: (size: number) => number;
  readonly worseThanLinear: readonly boolean[];
}

const NEVER = [false, false, false, false];

const ROWS: readonly Row[] = [
  { name: "a constant", cost: () => 50, worseThanLinear: NEVER },
  { name: "a line", cost: (size) => 3 * size, worseThanLinear: NEVER },
  { name: "a line on a floor", cost: (size) => 50 + size / 100, worseThanLinear: NEVER },
  { name: "a line on a low floor", cost: (size) => 2 + size, worseThanLinear: NEVER },
  {
    name: "a square",
    cost: (size) => size ** 2,
    worseThanLinear: [true, true, true, true],
  },
  {
    name: "a square on a floor",
    cost: (size) => 50 + size ** 2 / 1e6,
    worseThanLinear: [false, false, false, true],
  },
  {
    name: "noise on a floor",
    cost: (size) => [50, 49, 52, 50, 55][SIZES.indexOf(size)] ?? NaN,
    worseThanLinear: NEVER,
  },
];

for (const { name, cost, worseThanLinear } of ROWS) {
  test(`judges ${name}`, () => {
    const steps = growth(SIZES.map((size) => ({ size, cost: cost(size) })));
    assert.equal(steps.map((step) => step.worseThanLinear), worseThanLinear);
  });
}

test("tells how often the cost before", () => {
  const [step] = growth([{ size: 10, cost: 4 }, { size: 100, cost: 6 }]);
  assert.is(step?.ratio, 1.5);
});

test("has no steps where there is one size only", () => {
  assert.equal(growth([{ size: 10, cost: 4 }]), []);
});

test.run();
