import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeCase } from "../fuzz/case.ts";
import { MAX_CASE_MS, MAX_RSS_BYTES } from "../fuzz/limits.ts";
import { assertChangeable, assertRoundTrip, read } from "../fuzz/reader.ts";
import { describeReport } from "../fuzz/report.ts";
import { corpusNames, readSeed } from "../fuzz/seed.ts";
import { fuzz } from "../fuzz/supervisor.ts";
import { measured } from "../support/measured.ts";

const IS_DENO = process.versions["deno"] !== undefined;
const SEED = 1;
/** Some 20 seconds' worth. */
const CASES = IS_DENO ? 4_000 : 15_000;
const STUBS = join(import.meta.dirname, "..", "fuzz", "stub_workers");

const seeds = corpusNames().map(readSeed);

function expectedCode(name: string): string | undefined {
  if (IS_DENO && name === "seed-own-aes-192.p12") return "ERR_KEYSTORE_UNSUPPORTED";
  const [, kind] = /^(unreadable|unsupported)-/.exec(name) ?? [];
  return kind && `ERR_KEYSTORE_${kind.toUpperCase()}`;
}

test("reads the kept files as ever", async () => {
  assert.ok(seeds.length > 40);
  for (const { name, bytes } of seeds) {
    const reading = await read(bytes);
    const code = reading.kind === "rejected" ? reading.code : undefined;
    assert.is(code, expectedCode(name), name);
    if (reading.kind === "rejected") continue;
    await assertRoundTrip(reading);
    await assertChangeable(reading);
  }
});

test(`accepts or refuses ${CASES} damaged files, each as it ought to`, async () => {
  const report = await fuzz({ seed: SEED, from: 0, to: CASES });
  for (const line of describeReport(report)) measured(line);
  assert.equal(report.failures, []);
  assert.is(report.cases, CASES);
  assert.ok(report.slowest.ms <= MAX_CASE_MS);
  assert.ok(report.maxRssBytes <= MAX_RSS_BYTES);
  // Noise alone would pass so far: enough of the files have to be nearly in order.
  const { ERR_KEYSTORE_UNREADABLE = 0, ERR_KEYSTORE_UNSUPPORTED = 0 } = report.rejected;
  assert.ok(report.accepted > CASES / 5, "too few accepted");
  assert.ok(ERR_KEYSTORE_UNREADABLE > CASES / 5, "too few unreadable");
  assert.ok(ERR_KEYSTORE_UNSUPPORTED > CASES / 1_000, "too few unsupported");
  assert.ok(report.apiKeys.opened > CASES / 5, "too few API keys opened");
  assert.ok(report.apiKeys.unreadable > CASES / 5, "too few API keys that do not open");
  assert.ok(report.reasons.length > 25, "too few reasons for rejection");
});

test("makes a case again from its seed and number", () => {
  for (let number = 0; number < 500; number++) {
    const [one, other] = [0, 0].map(() => makeCase(seeds, SEED, number));
    assert.equal(one?.bytes, other?.bytes);
    assert.equal(one?.history, other?.history);
  }
});

test("notices a reader that hangs, and goes on behind that case", async () => {
  const worker = join(STUBS, "hanging.ts");
  const report = await fuzz({ seed: SEED, from: 0, to: 10 }, { worker });
  assert.equal(report.failures, [{ case: 2, problem: "it does not come to an end" }]);
  assert.is(report.cases, 7);
});

test("notices a reader that dies, and goes on behind that case", async () => {
  const worker = join(STUBS, "crashing.ts");
  const report = await fuzz({ seed: SEED, from: 0, to: 10 }, { worker });
  assert.is(report.failures.length, 1);
  assert.is(report.failures[0]?.case, 2);
  assert.match(report.failures[0]?.problem ?? "", "out of something");
  assert.is(report.cases, 7);
});

test.run();
