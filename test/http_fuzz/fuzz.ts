/**
 * npm run fuzz:http -- [--cases N] [--seed N] [--only-case N]
 *
 * Sends a daemon requests that are not quite HTTP, as root, a verifier and strangers, and fails where
 * one is not answered as it ought to be. Takes the source, or what APIKEY_TEST_COMMAND says.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { readMemory } from "../../scripts/bench/memory.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { makeCase } from "./case.ts";
import { judge } from "./judge.ts";
import { Lane } from "./lane.ts";
import { describeReport } from "./report.ts";
import { findDamage, fuzz, startTarget } from "./supervisor.ts";

const { values } = parseArgs({
  options: {
    "cases": { type: "string", default: "200000" },
    "seed": { type: "string", default: "1" },
    "only-case": { type: "string" },
  },
});
const seed = Number(values.seed);
using folder = temporaryFolder(0o755);
await using daemon = await startTarget(folder);

if (values["only-case"] !== undefined) await replay(Number(values["only-case"]));
else process.exitCode = await run(Number(values.cases));

async function run(cases: number): Promise<number> {
  const before = daemon.output();
  const memory = () => `${readMemory(daemon.pid, "VmRSS")?.toFixed(0)} MB`;
  const memoryBefore = memory();
  const startedAtMs = performance.now();
  const report = await fuzz(daemon, { seed, from: 0, to: cases });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  for (const failure of report.failures.slice(0, 50)) {
    console.log(`seed ${seed} case ${failure.case}: ${failure.problem.slice(0, 500)}`);
    console.log(`    npm run fuzz:http -- --seed ${seed} --only-case ${failure.case}`);
  }
  const damage = await findDamage(daemon, before);
  for (const line of [...describeReport(report), ...damage]) console.log(line);
  console.log(`memory ${memoryBefore} before, ${memory()} after`);
  const rate = `${(cases / seconds).toFixed(0)} cases a second`;
  console.log(`${seconds.toFixed(1)} s, ${rate}, ${report.failures.length} failures`);
  return report.failures.length + damage.length === 0 ? 0 : 1;
}

async function replay(number: number): Promise<void> {
  const made = makeCase(seed, number);
  console.log(made.history.join("\n"));
  console.log(JSON.stringify(Buffer.from(made.bytes).toString("latin1")));
  // As whoever runs this, whosever case it is.
  const exchange = await new Lane(daemon.socket).send(made);
  console.log(exchange);
  console.log(judge({ ...made, role: "admin" }, exchange).problem ?? "as it ought to be");
}
