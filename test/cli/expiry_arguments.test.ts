import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseArguments } from "../../src/cli/arguments.ts";
import { createCommand } from "../../src/cli/create.ts";
import {
  type AskedExpiry,
  askedExpiry,
  describeStoredExpiry,
} from "../../src/cli/expiry_arguments.ts";
import { AppError } from "../../src/errors.ts";

function ask(...argv: readonly string[]): AskedExpiry {
  return askedExpiry(parseArguments(createCommand, ["x", ...argv]));
}

const ASKED: readonly (readonly [argv: string[], asked: AskedExpiry])[] = [
  [[], {}],
  [["--expires-on", "2031-12-31T23:59:59"], { expiresOn: "2031-12-31T23:59:59" }],
  [["--expires-on", "2031-12-31T23:59"], { expiresOn: "2031-12-31T23:59:00" }],
  [["--expires-on", "2031-12-31 23:59"], { expiresOn: "2031-12-31T23:59:00" }],
  [["--expires-on", "2031-12-31t23:59:59.50"], { expiresOn: "2031-12-31T23:59:59.5" }],
  [["--expires-on", "2031-12-31T23:59:59Z"], { expiresAt: "2031-12-31T23:59:59.000Z" }],
  [["--expires-on", "2031-12-31 23:59:59z"], { expiresAt: "2031-12-31T23:59:59.000Z" }],
  [["--expires-on", "2031-12-31T23:59+05:30"], { expiresAt: "2031-12-31T18:29:00.000Z" }],
  [["--expires-on=2031-12-31T23:59:59-05:00"], { expiresAt: "2032-01-01T04:59:59.000Z" }],
  [["--expires-in", "30d"], { expiresInSeconds: 2_592_000 }],
  [["--expires-in", "1d12h"], { expiresInSeconds: 129_600 }],
];

for (const [argv, asked] of ASKED) {
  test(`asks for ${JSON.stringify(asked)} with '${argv.join(" ")}'`, () => {
    assert.equal(ask(...argv), asked);
  });
}

const MISUSES: readonly (readonly [argv: string[], says: string])[] = [
  [["--expires-on", "2031-12-31"], "2031-12-31T23:59:59 is its end"],
  [["--expires-on", "2031-02-30"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "2031-02-30T00:00"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "2031-12-31T24:00"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "2031-12-31  23:59"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "12031-12-31T23:59"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "9999-12-31T23:59-01:00"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "31.12.2031"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "30d"], "such as 2031-12-31T23:59:59"],
  [["--expires-on", "\x1b[2J"], "\\u{1b}"],
  [["--expires-on="], "empty"],
  [["--expires-in", "0d"], "such as 30d"],
  [["--expires-in", "30"], "such as 30d"],
  [["--expires-in", "30 days"], "such as 30d"],
  [["--expires-in=-5d"], "such as 30d"],
  [["--expires-in", "-5d"], "needs a value"],
  [["--expires-in", "2031-12-31T23:59:59"], "such as 30d"],
  [["--expires-in", "30d", "--expires-in", "40d"], "more than once"],
  [["--expires-in", "30d", "--expires-on", "2031-12-31T23:59:59"], "one of them"],
];

for (const [argv, says] of MISUSES) {
  test(`'${argv.join(" ")}' is wrong usage, and the one line says ${says}`, () => {
    try {
      ask(...argv);
    } catch (error) {
      assert.instance(error, AppError);
      assert.is((error as AppError).code, "ERR_USAGE");
      assert.ok((error as AppError).message.includes(says), (error as AppError).message);
      assert.not.match((error as AppError).message, /\p{Cc}/u);
      return;
    }
    assert.unreachable();
  });
}

const CREATED = { alias: "a", key: "k", createdAt: "2050-01-01T00:00:00.900Z" };
const STORED = { expiresAt: "2050-01-01T01:00:00.000Z", expiresOn: "2050-01-01T01:00:00" };

const REMARKS: readonly (readonly [what: string, asked: AskedExpiry, remarks: boolean])[] = [
  ["what was asked", { expiresAt: "2050-01-01T01:00:00Z" }, false],
  ["what was asked, rounded", { expiresAt: "2050-01-01T01:00:00.999Z" }, false],
  ["a second less than asked", { expiresAt: "2050-01-01T01:00:01Z" }, true],
  ["the seconds asked for, rounded", { expiresInSeconds: 3_600 }, false],
  ["a second less than these", { expiresInSeconds: 3_601 }, true],
  ["the host's own time", { expiresOn: "2050-01-01T01:00:00" }, false],
];

for (const [what, asked, remarks] of REMARKS) {
  test(`${remarks ? "remarks on" : "tells no more than the time of"} ${what}`, () => {
    const told = describeStoredExpiry(asked, { ...CREATED, ...STORED }) ?? "";
    assert.ok(told.includes(STORED.expiresOn) && told.includes(STORED.expiresAt));
    assert.is(told.includes("repeats the time asked for"), remarks);
  });
}

test("has nothing to remark on a key that does not expire", () => {
  assert.is(describeStoredExpiry({}, { ...CREATED, expiresAt: null, expiresOn: null }), undefined);
});

test.run();
