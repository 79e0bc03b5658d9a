import { type Costs, type CostsBySize, formatCost, formatSize, type RowName } from "./costs.ts";
import { CLIENTS } from "./subject.ts";

interface Wish {
  readonly keys: number;
  readonly what: string;
  /** @param few the costs at ten keys */
  readonly value: (costs: Costs, few: Costs | undefined) => number;
  /** Neither of these where it is just worth knowing. */
  readonly below?: number;
  readonly atLeast?: number;
}

const WISHES: readonly Wish[] = [
  { keys: 10_000, what: "open, ms", value: (costs) => of(costs, "open"), below: 400 },
  {
    keys: 10_000,
    what: "create by command through daemon, times that at 10 keys",
    value: (costs, few) => of(costs, "createDaemon") / of(few, "createDaemon"),
    below: 4,
  },
  {
    keys: 10_000,
    what: "create by bare request, times that at 10 keys",
    value: (costs, few) => of(costs, "createRequest") / of(few, "createRequest"),
    below: 4,
  },
  {
    keys: 10_000,
    what: "daemon at rest, MB",
    value: (costs) => of(costs, "memoryAtRest"),
    below: 160,
  },
  {
    keys: 10_000,
    what: "daemon's peak in 100 creates, MB",
    value: (costs) => of(costs, "memoryPeak"),
    below: 160,
  },
  {
    keys: 1000,
    what: `creates a second, ${CLIENTS} clients, times those of Java one after the other`,
    value: (costs) => of(costs, "rateDaemon") / of(costs, "rateJava"),
    atLeast: 1000,
  },
  {
    keys: 1000,
    what: `creates a second, ${CLIENTS} clients, times those of Java that is running already`,
    value: (costs) => of(costs, "rateDaemon") / of(costs, "rateRunningJava"),
  },
];

/** What is wanted and whether it is so, one line each, as far as it was measured. */
export function judgeCosts(costs: CostsBySize): string[] {
  return WISHES.flatMap((wish) => {
    const actual = wish.value(costs.get(wish.keys) ?? {}, costs.get(10));
    if (Number.isNaN(actual)) return [];
    return `${formatSize(wish.keys)} keys: ${wish.what}: ${formatCost(actual)}${
      verdict(wish, actual)
    }`;
  });
}

function verdict({ below, atLeast }: Wish, actual: number): string {
  if (below !== undefined) return `, wanted < ${below}: ${actual < below ? "yes" : "NO"}`;
  if (atLeast === undefined) return "";
  return `, wanted >= ${formatSize(atLeast)}: ${actual >= atLeast ? "yes" : "NO"}`;
}

function of(costs: Costs | undefined, name: RowName): number {
  return costs?.[name] ?? NaN;
}
