/**
 * npm run bench [-- NAME…] [--rounds N] [--sizes N,N…] [--command PATH|JSON]
 *
 * Compares side by side, in one run. NAME is one of the benchmarks below, all
 * of them by default; the command is dist/apikey unless --command or
 * APIKEY_BENCH_COMMAND says otherwise (a path, or argv as a JSON array). The
 * sizes, in keys, are those of the benchmarks `keystore` and `verify`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Benchmark, BenchmarkContext } from "./bench/benchmark.ts";
import { commands } from "./bench/commands.ts";
import { keystore } from "./bench/keystore.ts";
import { describeLoad, describeMachine } from "./bench/machine.ts";
import { formatTable } from "./bench/table.ts";
import { verify } from "./bench/verify.ts";

const BENCHMARKS: Readonly<Record<string, Benchmark>> = { commands, keystore, verify };
const DEFAULT_COMMAND = fileURLToPath(new URL("../dist/apikey", import.meta.url));

interface Options extends Pick<BenchmarkContext, "command" | "rounds" | "sizes"> {
  readonly names: readonly string[];
}

async function main(): Promise<void> {
  const { names, ...options } = parseOptions();
  const { rounds, command } = options;
  const loadBefore = describeLoad();
  for (const name of names) await runBenchmark(name, options);
  for (const line of describeMachine()) console.log(line);
  console.log(`load average: ${loadBefore} before, ${describeLoad()} after`);
  console.log(`command: ${command.join(" ")}`);
  console.log(`rounds: ${rounds}, in turn, after one that does not count; medians`);
}

async function runBenchmark(name: string, options: Omit<Options, "names">): Promise<void> {
  const benchmark = BENCHMARKS[name];
  if (!benchmark) throw new TypeError(`no such benchmark: ${name}`);
  const folder = await mkdtemp(join(tmpdir(), "apikey-bench-"));
  try {
    const progress = (text: string) => console.error(`${name}: ${text}`);
    const report = await benchmark.run({ ...options, folder, progress });
    console.log(`${name}: ${benchmark.summary}\n`);
    console.log(formatTable(report.header, report.rows) + "\n");
    for (const note of report.notes) console.log(note);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function parseOptions(): Options {
  const { values, positionals } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      sizes: { type: "string" },
      command: { type: "string", default: process.env["APIKEY_BENCH_COMMAND"] ?? DEFAULT_COMMAND },
    },
    allowPositionals: true,
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError("--rounds takes a number");
  return {
    names: positionals.length ? positionals : Object.keys(BENCHMARKS),
    rounds,
    sizes: values.sizes === undefined ? undefined : parseSizes(values.sizes),
    command: values.command.startsWith("[") ? JSON.parse(values.command) : [values.command],
  };
}

function parseSizes(text: string): number[] {
  const sizes = text.split(",").map(Number);
  const isSize = (size: number) => Number.isInteger(size) && size > 0;
  if (!sizes.every(isSize)) throw new TypeError("--sizes takes numbers: 10,100,1000");
  return [...new Set(sizes)].sort((a, b) => a - b);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
