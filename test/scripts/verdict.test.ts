import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { execute } from "../../scripts/execute.ts";
import { nodePath } from "../../scripts/runtimes.ts";
import { judge } from "../../scripts/verdict.ts";

const UVU = import.meta.resolve("uvu");
const HEAD = `import { test } from ${JSON.stringify(UVU)};\n`;
const PASSING = 'test("passes", () => {});\n';
const FAILING = 'test("fails", () => { throw new Error("no"); });\n';

interface Row {
  readonly name: string;
  readonly source: string;
  /** Passed, failed, skipped. */
  readonly counts: readonly [number, number, number];
  readonly problem?: RegExp;
  readonly reasons?: readonly string[];
  readonly timeoutMs?: number;
}

const ROWS: readonly Row[] = [
  { name: "passing", source: `${HEAD}${PASSING}test.run();`, counts: [1, 0, 0] },
  {
    name: "failing",
    source: `${HEAD}${PASSING}${FAILING}test.run();`,
    counts: [1, 1, 0],
    problem: /1 of 2 failed/,
  },
  {
    name: "skipping",
    source: `${HEAD}${PASSING}test.skip("x"); console.log("\\n# skip: needs a");\ntest.run();`,
    counts: [1, 0, 1],
    reasons: ["needs a"],
  },
  { name: "only skipping", source: `${HEAD}test.skip("x");\ntest.run();`, counts: [0, 0, 1] },
  {
    name: "left with only()",
    source: `${HEAD}${PASSING}test.only("one", () => {});\ntest.run();`,
    counts: [1, 0, 1],
  },
  {
    name: "a hook that throws, which uvu itself ends with status 0",
    source: `${HEAD}${PASSING}test.before(() => { throw new Error("no"); });\ntest.run();`,
    counts: [0, 1, 0],
    problem: /1 of 1 failed/,
  },
  {
    name: "without tests",
    source: `${HEAD}test.run();`,
    counts: [0, 1, 0],
    problem: /no tests/,
  },
  {
    name: "never run",
    source: `${HEAD}${PASSING}`,
    counts: [0, 1, 0],
    problem: /no summary \(exit status 0\)/,
  },
  {
    name: "leaving early",
    source:
      `${HEAD}import process from "node:process";\ntest("x", () => process.exit(0));\ntest.run();`,
    counts: [0, 1, 0],
    problem: /no summary/,
  },
  {
    name: "that cannot be parsed",
    source: "const =",
    counts: [0, 1, 0],
    problem: /no summary \(exit status 1\)/,
  },
  {
    name: "crashing",
    source:
      `${HEAD}import process from "node:process";\ntest("x", () => process.abort());\ntest.run();`,
    counts: [0, 1, 0],
    problem: /no summary \(SIGABRT\)/,
  },
  {
    name: "failing after its tests",
    source: `${HEAD}${PASSING}setTimeout(() => { throw new Error("late"); }, 200);\ntest.run();`,
    counts: [1, 1, 0],
    problem: /every test passed, but exit status 1/,
  },
  {
    name: "hanging in a test",
    source: `${HEAD}test("x", () => new Promise((f) => setTimeout(f, 60_000)));\ntest.run();`,
    counts: [0, 1, 0],
    problem: /timed out after 2 s/,
    timeoutMs: 2_000,
  },
  {
    name: "hanging after its tests",
    source: `${HEAD}${PASSING}setInterval(() => {}, 1_000);\ntest.run();`,
    counts: [1, 1, 0],
    problem: /timed out after 2 s/,
    timeoutMs: 2_000,
  },
];

const folder = mkdtempSync(join(tmpdir(), "apikey-verdict-"));
test.after(() => rmSync(folder, { recursive: true }));

for (const { name, source, counts, problem, reasons, timeoutMs } of ROWS) {
  test(`a file ${name}`, async () => {
    const verdict = judge(await runSource(source, timeoutMs));
    assert.equal([verdict.passed, verdict.failed, verdict.skipped], counts, verdict.problem);
    assert.equal(verdict.reasons, reasons ?? []);
    if (problem === undefined) assert.is(verdict.problem, undefined);
    else assert.match(verdict.problem ?? "", problem);
  });
}

const LEFTOVERS = [
  { name: "a time-out also ends what the program has started", script: "wait", timedOut: true },
  { name: "what a program leaves behind goes with it", script: "exit 0", timedOut: false },
];

for (const { name, script, timedOut } of LEFTOVERS) {
  test(name, async () => {
    const mark = join(folder, `mark-${timedOut}`);
    const argv = ["sh", "-c", `(sleep 1; : > ${mark}) & ${script}`];
    const outcome = await execute(argv, { cwd: folder, timeoutMs: 300 });
    assert.is(outcome.timedOut, timedOut);
    await setTimeout(1_500);
    assert.not(existsSync(mark));
  });
}

test("a program that is not there has no exit status", async () => {
  const { status, output } = await execute(["./nowhere"], { cwd: folder });
  assert.is(status, null);
  assert.match(output, "ENOENT");
});

test.run();

function runSource(source: string, timeoutMs = 60_000) {
  const path = join(folder, "case.ts");
  writeFileSync(path, source);
  const env = { ...process.env, NO_COLOR: "1" };
  return execute([nodePath(), path], { cwd: folder, env, timeoutMs });
}
