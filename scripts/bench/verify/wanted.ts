import { formatCost, formatSize } from "../keystore/costs.ts";
import { formatTable } from "../table.ts";
import type { Contender } from "./contender.ts";
import type { Lineup } from "./lineup.ts";
import type { Results } from "./rounds.ts";

interface Wish {
  readonly what: string;
  readonly atLeast: number;
  /** NaN where it was not measured. */
  readonly actual: number;
  /** What it is by the servers' processor time, where that is a ratio, too. */
  readonly byProcessor?: number;
}

/** What is wanted and whether it is so. */
export function judgeRates(lineup: Lineup, results: Results): string {
  const header = ["wanted", "at least", "got", "got/wanted", "met?", "by processor time"];
  return formatTable(header, wishes(lineup, results).map(judge));
}

function judge({ what, atLeast, actual, byProcessor = NaN }: Wish): string[] {
  const wanted = atLeast.toLocaleString("en");
  if (Number.isNaN(actual)) return [what, wanted, "-", "-", "-"];
  const met = actual >= atLeast ? "yes" : "NO";
  const got = [formatCost(actual), (actual / atLeast).toFixed(2), met];
  return [what, wanted, ...got, Number.isNaN(byProcessor) ? "" : formatCost(byProcessor)];
}

function wishes({ bare, auth, apikey, fastify }: Lineup, results: Results): Wish[] {
  const sizes = [...auth.keys()];
  const [fewest = 0, most = 0] = [sizes[0], sizes.at(-1)];
  const compare = (one: Contender | undefined, other: Contender | undefined) => ({
    actual: results.ratio(one, other),
    byProcessor: results.processorRatio(one, other),
  });
  return [
    {
      what: "GET /v1/auth, times bare node:http",
      atLeast: 0.85,
      ...compare(apikey.auth, bare),
    },
    {
      what: `${formatSize(most)} keys, times ${formatSize(fewest)}`,
      atLeast: 0.95,
      ...compare(most === fewest ? undefined : auth.get(most), auth.get(fewest)),
    },
    {
      what: "GET /v1/auth, times Fastify with as many keys",
      atLeast: 4,
      ...compare(apikey.auth, [...fastify.values()].at(-1)),
    },
    { what: "keys/s in batches", atLeast: 500_000, actual: results.rate(apikey.batch) },
    { what: "checks/s, caching client", atLeast: 1_000_000, actual: results.rate(apikey.client) },
  ];
}
