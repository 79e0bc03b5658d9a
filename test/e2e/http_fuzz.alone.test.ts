// Requests that are not quite HTTP: see test/http_fuzz.
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readMemory } from "../../scripts/bench/memory.ts";
import { makeCase } from "../http_fuzz/case.ts";
import { DELIVERIES } from "../http_fuzz/deliveries.ts";
import { judge } from "../http_fuzz/judge.ts";
import { Lane } from "../http_fuzz/lane.ts";
import { REGRESSIONS } from "../http_fuzz/regressions.ts";
import { describeReport } from "../http_fuzz/report.ts";
import { findDamage, fuzz, startTarget } from "../http_fuzz/supervisor.ts";
import { COMMAND } from "../support/command.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const SEED = 1;
/** The executable's part; the runtimes that load the source are the same program, more or less. */
const CASES = COMMAND.some((word) => word.endsWith("main.ts")) ? 4_000 : 15_000;
const MAX_GROWTH_MB = 120;
const SETTLE_MS = 15_000;

const rootTest = requiring(test, "linux", "root", "setpriv");

rootTest(`${CASES} requests that are not quite HTTP are answered as they ought to be`, async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await startTarget(folder);
  const before = daemon.output();
  const megabytesBefore = readMemory(daemon.pid, "VmRSS") ?? NaN;
  const report = await fuzz(daemon, { seed: SEED, from: 0, to: CASES });
  for (const line of describeReport(report)) measured(line);
  assert.equal(report.failures.map((failure) => `${failure.case}: ${failure.problem}`), []);
  assert.equal(await findDamage(daemon, before), []);
  assert.is(report.cases, CASES);
  // Noise alone would pass so far: enough has to be nearly in order.
  assert.ok(report.yes > CASES / 20, `${report.yes} yes`);
  const growth = await settledMegabytes(daemon.pid, megabytesBefore + MAX_GROWTH_MB);
  measured(`memory ${megabytesBefore.toFixed(0)} MB before, ${growth.toFixed(0)} MB after`);
  assert.ok(growth < megabytesBefore + MAX_GROWTH_MB, `${growth} MB`);
});

async function settledMegabytes(pid: number, wanted: number): Promise<number> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const megabytes = readMemory(pid, "VmRSS") ?? NaN;
    if (megabytes < wanted || performance.now() > until) return megabytes;
    await sleep(100);
  }
}

rootTest("what was once answered wrongly is not any more", async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await startTarget(folder);
  const before = daemon.output();
  for (const { about, text, statuses } of REGRESSIONS) {
    for (const delivery of DELIVERIES.filter(({ name }) => /^(at once|in halves)$/.test(name))) {
      const made = {
        number: 0,
        role: "admin" as const,
        bytes: Buffer.from(text, "latin1"),
        delivery,
        expectation: { most: 1, verdicts: [false], isCertain: false },
        history: [],
      };
      const { answers, problem } = judge(made, await new Lane(daemon.socket).send(made));
      assert.is(problem, undefined, about);
      assert.is(answers.length, 1, about);
      assert.ok(statuses.includes(answers[0]?.status ?? 0), `${about}: ${answers[0]?.status}`);
    }
  }
  assert.equal(await findDamage(daemon, before), []);
});

test("makes a case again from its seed and number", () => {
  for (let number = 0; number < 500; number++) {
    const [one, other] = [0, 0].map(() => makeCase(SEED, number));
    assert.equal(one?.bytes, other?.bytes);
    assert.equal(one?.history, other?.history);
  }
});

test.run();
