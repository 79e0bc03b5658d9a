import { test } from "uvu";
import * as assert from "uvu/assert";
import { journalFormat } from "../../src/log/journal_format.ts";
import { jsonFormat } from "../../src/log/json_format.ts";
import type { LogRecord } from "../../src/log/record.ts";
import { terminalFormat } from "../../src/log/terminal_format.ts";

function record(fields: LogRecord["fields"], rest: Partial<LogRecord> = {}): LogRecord {
  const atMs = Date.UTC(2026, 10, 26, 5, 4, 3, 21);
  return { atMs, level: "info", message: "act done", fields, stack: undefined, ...rest };
}

const DEFECT = record([["requestId", "p-1"]], {
  level: "error",
  message: "internal error",
  stack: "Error: a\nb <0>forged\n    at c.ts:1",
});

/** What somebody may write who wants to be taken for the log. */
const HOSTILE = 'x\n<0>forged "y"=\\ \x1b[31m\x9b2J\u202e\u2028';

const plain = terminalFormat({ isColoured: false });

test("JSON has the time in UTC, the level, the message and the fields", () => {
  assert.is(
    jsonFormat(record([["alias", "a"], ["uid", 0]])),
    '{"time":"2026-11-26T05:04:03.021Z","level":"info","message":"act done","alias":"a","uid":0}\n',
  );
});

test("a stack stays in one record of JSON", () => {
  const line = jsonFormat(DEFECT);
  assert.is(line.indexOf("\n"), line.length - 1);
  assert.is(JSON.parse(line).stack, DEFECT.stack);
});

test("JSON gives foreign text back as it was, and is printable ASCII all the same", () => {
  const line = jsonFormat(record([["alias", HOSTILE]]));
  assert.match(line, /^[\x20-\x7e]+\n$/);
  assert.is(JSON.parse(line).alias, HOSTILE);
});

test("the journal gets a priority and no time", () => {
  const priorities = (["error", "warn", "info", "debug"] as const).map((level) =>
    journalFormat(record([["uid", 0]], { level }))
  );
  assert.equal(priorities, [3, 4, 6, 7].map((priority) => `<${priority}>act done uid=0\n`));
});

test("every line of a stack has the priority of the first, and no other", () => {
  assert.is(
    journalFormat(DEFECT),
    "<3>internal error requestId=p-1\n<3>    Error: a\n<3>    b <0>forged\n<3>    at c.ts:1\n",
  );
});

test("a terminal gets the local time", () => {
  const at = new Date(record([]).atMs);
  const hours = String(at.getHours()).padStart(2, "0");
  const minutes = String(at.getMinutes()).padStart(2, "0");
  assert.match(
    plain(record([])),
    new RegExp(`^2026-11-2\\d ${hours}:${minutes}:03 INFO  act done\n$`),
  );
});

test("a terminal shows the level in colour, and nothing else", () => {
  const shown = terminalFormat({ isColoured: true })(record([["uid", 0]], { level: "warn" }));
  const [, rest] = shown.split(/^[-\d]+ [:\d]+ /);
  assert.is(rest, "\x1b[33mWARN \x1b[0m act done uid=0\n");
});

test("foreign text cannot end a line, a value or a quotation, nor move a cursor", () => {
  const value = '"x\\\\u{a}<0>forged \\"y\\"=\\\\ \\\\u{1b}[31m\\\\u{9b}2J\\\\u{202e}\\\\u{2028}"';
  for (const format of [plain, journalFormat]) {
    const line = format(record([["alias", HOSTILE], ["uid", 0]], { message: HOSTILE }));
    assert.match(line, /^[\x20-\x7e]+\n$/);
    assert.ok(line.endsWith(` alias=${value} uid=0\n`), line);
  }
});

test("only values that need it are quoted", () => {
  const values = ["", "a b", "a=b", "/run/x.sock", "5"] as const;
  const line = plain(record(values.map((value) => ["f", value])));
  assert.ok(line.endsWith('act done f="" f="a b" f="a=b" f=/run/x.sock f=5\n'), line);
});

test.run();
