// The part of all faults that is tried by itself: what it may leave out, and what not.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { FileCall } from "./calls.ts";
import { everyFault, type Fault, isKill, representative } from "./faults.ts";

const KEYSTORE = "k.p12";
const TEMPORARY = ".k.p12.*.tmp";

/** Each row: a call's text, and its file. */
const ROWS: readonly (readonly [text: string, file: string])[] = [
  ...Array.from({ length: 9 }, () => ["statx(3)", KEYSTORE] as const),
  ["openat(3, O_RDONLY)", KEYSTORE],
  ["read(4)", KEYSTORE],
  ["close(4)", KEYSTORE],
  ["openat(3, O_WRONLY|O_CREAT|O_EXCL)", TEMPORARY],
  ["write(5)", TEMPORARY],
  ["fsync(5)", TEMPORARY],
  ["close(5)", TEMPORARY],
  ["rename(3)", KEYSTORE],
  ["fsync(3)", ""],
  ["statx(3)", KEYSTORE],
];

const CALLS: readonly FileCall[] = ROWS.map(([text, file], line) => {
  const name = text.slice(0, text.indexOf("("));
  const place = { startLine: line, endLine: line, thread: "1", index: line, ordinal: line };
  return { ...place, name, text, file, files: [file] };
});

const ALL = everyFault(CALLS, KEYSTORE);
const PART = representative(ALL);

function effectsOn(faults: readonly Fault[], pattern: RegExp): string[] {
  return faults.filter(({ call }) => pattern.test(call.text)).map(({ effect }) => effect).sort();
}

test("has nothing that is not among all, and nothing twice", () => {
  assert.ok(PART.every((fault) => ALL.includes(fault)));
  assert.is(new Set(PART).size, PART.length);
  assert.ok(PART.length < ALL.length);
});

test("every call that changes something fails, and is the last one", () => {
  for (const call of CALLS.filter(({ text }) => /O_CREAT|^(write|fsync|rename)/.test(text))) {
    const faults = PART.filter((fault) => fault.call === call);
    assert.ok(faults.some((fault) => isKill(fault)), call.text);
    assert.ok(faults.some((fault) => !isKill(fault)), call.text);
  }
});

test("a kind of call fails in each of its ways, before the replacement and after it", () => {
  for (const isReplaced of [false, true]) {
    const those = (faults: readonly Fault[]) =>
      faults.filter((fault) => fault.isReplaced === isReplaced);
    for (const pattern of [/O_CREAT/, /^write/, /^fsync/, /^rename/]) {
      assert.equal(
        effectsOn(those(PART), pattern),
        effectsOn(those(ALL), pattern),
        `${pattern} ${isReplaced}`,
      );
    }
  }
});

test("of calls that only look, the first and the last of a kind fail", () => {
  const looking = PART.filter(({ call }) => call.name === "statx").map(({ call }) => call);
  assert.equal(looking, [CALLS[0], CALLS[8], CALLS.at(-1)]);
  assert.equal(PART.filter((fault) => isKill(fault) && fault.call.name === "close"), []);
});

test.run();
