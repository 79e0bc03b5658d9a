/**
 * npm run fuzz -- [--cases N] [--seed N] [--only-case N] [--keep-corpus]
 *
 * Reads damaged keystores and fails where one is neither accepted nor rejected as it ought to be.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { makeCase } from "./case.ts";
import { keepCorpus } from "./corpus.ts";
import { assertRoundTrip, read } from "./reader.ts";
import { describeReport } from "./report.ts";
import { corpusNames, readSeed } from "./seed.ts";
import { fuzz } from "./supervisor.ts";

const CORPUS_CASES = 60_000;

const { values } = parseArgs({
  options: {
    "cases": { type: "string", default: "20000" },
    "seed": { type: "string", default: "1" },
    "only-case": { type: "string" },
    "keep-corpus": { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);

if (values["keep-corpus"]) console.log((await keepCorpus(seed, CORPUS_CASES)).join("\n"));
else if (values["only-case"] !== undefined) await replay(Number(values["only-case"]));
else process.exitCode = await run(Number(values.cases));

async function run(cases: number): Promise<number> {
  const startedAtMs = performance.now();
  const progress = (done: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${cases} `);
  };
  const report = await fuzz({ seed, from: 0, to: cases }, { progress });
  for (const failure of report.failures) {
    console.log(`seed ${seed} case ${failure.case}: ${failure.problem}`);
    console.log(`    npm run fuzz -- --seed ${seed} --only-case ${failure.case}`);
  }
  for (const line of describeReport(report)) console.log(line);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  console.log(`${seconds.toFixed(1)} s, ${report.failures.length} failures`);
  return report.failures.length === 0 ? 0 : 1;
}

async function replay(number: number): Promise<void> {
  const { bytes, history } = makeCase(corpusNames().map(readSeed), seed, number);
  console.log(history.join("\n"));
  console.log(Buffer.from(bytes).toString("hex"));
  const startedAtMs = performance.now();
  const reading = await read(bytes);
  console.log(`${(performance.now() - startedAtMs).toFixed(1)} ms`);
  if (reading.kind === "rejected") return console.log(`${reading.code}: ${reading.reason}`);
  console.log("accepted", reading.keys);
  await assertRoundTrip(reading);
}
