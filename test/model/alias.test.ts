import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import { lookupAlias, parseAlias } from "../../src/model/alias.ts";

const ACCEPTED: readonly (readonly [typed: string, alias: string])[] = [
  ["mcp-openai", "mcp-openai"],
  ["MCP-Claude", "mcp-claude"],
  ["007", "007"],
  ["-x", "-x"],
  ["two words", "two words"],
  ["a/b", "a/b"],
  ["50%", "50%"],
  ["Zoë", "zoë"],
  ["👩‍💻", "👩‍💻"],
  ["x".repeat(255), "x".repeat(255)],
  ["👩".repeat(255), "👩".repeat(255)],
];

const REFUSED: readonly (readonly [why: string, typed: string])[] = [
  ["empty", ""],
  ["blank", "  "],
  ["leading blank", " a"],
  ["trailing blank", "a\u00a0"],
  ["newline", "a\nb"],
  ["escape sequence", "a\u001b[2Jb"],
  ["NUL", "a\0b"],
  ["delete", "a\u007f"],
  ["right-to-left override", "a\u202eb"],
  ["zero-width space", "a\u200bb"],
  ["line separator", "a\u2028b"],
  ["lone surrogate", "a\ud800b"],
  ["256 characters", "x".repeat(256)],
  ["dot", "."],
  ["dots", ".."],
];

for (const [typed, alias] of ACCEPTED) {
  test(`accepts ${JSON.stringify(typed).slice(0, 30)} as its lower case`, () => {
    assert.is(parseAlias(typed), alias);
  });
}

for (const [why, typed] of REFUSED) {
  test(`refuses an alias for being ${why}`, () => {
    assert.throws(
      () => parseAlias(typed),
      (error: unknown) => error instanceof AppError && error.code === "ERR_INVALID_ALIAS",
    );
  });
}

test("says why without repeating what could harm a terminal", () => {
  assert.throws(
    () => parseAlias("a\u001b[2J\u202eb"),
    (error: Error) => !/[\p{Cc}\p{Cf}]/u.test(error.message) && error.message.includes("\\u{1b}"),
  );
});

test("looks for aliases that it would not give", () => {
  assert.is(lookupAlias(" Old\nName "), " old\nname ");
});

test.run();
