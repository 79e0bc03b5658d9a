import { median } from "../measure.ts";
import { formatTable } from "../table.ts";
import type { HttpContender } from "./contender.ts";
import type { Latencies } from "./open_loop.ts";
import type { Results } from "./rounds.ts";

/** Short, lest what disturbs one run spoils them all. */
const RUN_MS = 500;

/** What a contender takes to answer when it is asked half as much as it can do. */
interface HalfLoad {
  readonly contender: HttpContender;
  readonly perSecond: number;
  readonly runs: Latencies[];
}

/** The table of latencies at half load; the contenders take turns. */
export async function measureLatency(
  contenders: readonly HttpContender[],
  results: Results,
  rounds: number,
): Promise<string> {
  const loads = contenders.map((contender): HalfLoad => {
    return { contender, perSecond: results.rate(contender) / 2, runs: [] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const { contender, perSecond, runs } of loads) {
      runs.push(await contender.pace(perSecond, RUN_MS));
    }
  }
  const header = ["latency at half load", "requests/s", "p50, ms", "p99, ms"];
  return formatTable(header, loads.map(formatLoad));
}

function formatLoad({ contender, perSecond, runs }: HalfLoad): string[] {
  const middle = (of: keyof Latencies) => median(runs.map((run) => run[of])).toFixed(3);
  const rate = Math.round(perSecond).toLocaleString("en");
  return [contender.what, rate, middle("p50Ms"), middle("p99Ms")];
}
