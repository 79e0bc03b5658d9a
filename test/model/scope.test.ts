import { test } from "uvu";
import * as assert from "uvu/assert";
import { covers, parseGrantedScope, parseWantedScope, type Scope } from "../../src/model/scope.ts";

const WANTED = ["mcp", "mcp:read", "mcp:tools:call", "a.b-c_d:1"];
const GRANTED_ONLY = ["*", "mcp:*", "mcp:tools:*"];
const NEITHER = [
  "",
  " ",
  "mcp:",
  ":mcp",
  "mcp::read",
  "m*",
  "mcp:*:read",
  "mcp read",
  "größe",
  "a".repeat(101),
];

for (const text of WANTED) {
  test(`takes ${text}, to grant and to want`, () => {
    assert.equal([parseGrantedScope(text), parseWantedScope(text)], [text, text]);
  });
}

for (const text of GRANTED_ONLY) {
  test(`takes ${text} to grant alone`, () => {
    assert.equal([parseGrantedScope(text), parseWantedScope(text)], [text, undefined]);
  });
}

for (const text of NEITHER) {
  test(`refuses '${text.slice(0, 20)}'`, () => {
    assert.equal([parseGrantedScope(text), parseWantedScope(text)], [undefined, undefined]);
  });
}

const COVERED:
  readonly (readonly [granted: readonly string[], wanted: string, isCovered: boolean])[] = [
    [["mcp:read"], "mcp:read", true],
    [["mcp:read"], "mcp:write", false],
    [["mcp:read"], "mcp:read:all", false],
    [["mcp:read"], "mcp", false],
    [["mcp:*"], "mcp:read", true],
    [["mcp:*"], "mcp:tools:call", true],
    [["mcp:*"], "mcp", false],
    [["mcp:*"], "mcpx:read", false],
    [["*"], "mcp", true],
    [["rest:*", "mcp:read"], "mcp:read", true],
    [[], "mcp", false],
  ];

for (const [granted, wanted, isCovered] of COVERED) {
  test(`[${granted}] ${isCovered ? "covers" : "does not cover"} ${wanted}`, () => {
    assert.is(covers(granted as Scope[], wanted as Scope), isCovered);
  });
}

test.run();
