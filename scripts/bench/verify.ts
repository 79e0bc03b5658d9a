/**
 * Checks of API keys a second: apikey, bare `node:http`, Fastify, better-auth and Java, all asked
 * over Unix domain sockets by the same process.
 */
import type { Benchmark } from "./benchmark.ts";
import { formatCost } from "./keystore/costs.ts";
import type { Contender } from "./verify/contender.ts";
import { measureLatency } from "./verify/latency.ts";
import { lineUp } from "./verify/lineup.ts";
import { remarks } from "./verify/remarks.ts";
import { type Results, runRounds } from "./verify/rounds.ts";
import { Stage } from "./verify/stage.ts";
import { storeKeys } from "./verify/stored_keys.ts";
import { judgeRates } from "./verify/wanted.ts";

const SIZES = [10, 1000, 10_000];

const HEADER = ["keys checked", "checks/s", "of bare", "server µs", "server %", "client %"];

export const verify: Benchmark = {
  summary: "checks of keys, against bare node:http, Fastify, better-auth and Java",
  async run(context) {
    const { rounds, progress } = context;
    progress("storing keys");
    const stored = await storeKeys(context.folder, context.sizes ?? SIZES);
    await using stage = new Stage(context);
    const lineup = await lineUp(stage, stored);
    const { bare, apikey, contenders } = lineup;
    const results = await runRounds(contenders, rounds, progress);
    progress("latency at half load");
    const latency = await measureLatency([bare, apikey.auth], results, rounds);
    const rows = contenders.map((contender) => row(contender, bare, results));
    const notes = [latency, "", judgeRates(lineup, results), "", ...remarks(bare, results), ""];
    return { header: HEADER, rows, notes };
  },
};

function row(contender: Contender, bare: Contender, results: Results): string[] {
  const known = (value: number) => Number.isNaN(value) ? "-" : formatCost(value);
  const percent = (share: number) => Number.isNaN(share) ? "-" : (100 * share).toFixed(0);
  return [
    contender.what,
    formatCost(results.rate(contender)),
    results.ratio(contender, bare).toPrecision(3),
    known(results.serverUs(contender)),
    percent(results.serverShare(contender)),
    percent(results.clientShare(contender)),
  ];
}
