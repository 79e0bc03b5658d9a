import { growth, type Point } from "../growth.ts";
import { formatTable } from "../table.ts";
import { CLIENTS } from "./subject.ts";

interface Row {
  readonly what: string;
  /** More is better. */
  readonly isRate?: true;
  /** Grows as some other row does, or not at all. */
  readonly hasNoGrowth?: true;
}

/** What is measured, in the order of the table. */
const ROWS = {
  open: { what: "open: list, less that of no keys, ms", hasNoGrowth: true },
  openJava: { what: "open: Java, the same, ms", hasNoGrowth: true },
  listCommand: { what: "list: command, ms" },
  listDaemon: { what: "list: command, through daemon, ms" },
  listJava: { what: "list: Java, ms" },
  createCommand: { what: "create: command, ms" },
  createDaemon: { what: "create: command, through daemon, ms" },
  createRequest: { what: "create: bare request to daemon, ms" },
  createJava: { what: "create: Java, ms" },
  createRunningJava: { what: "create: Java that is running already, ms" },
  rateDaemon: { what: `creates a second: daemon, ${CLIENTS} clients`, isRate: true },
  clientShare: { what: `  what the ${CLIENTS} clients take of a core, %`, hasNoGrowth: true },
  rateJava: { what: "creates a second: Java", hasNoGrowth: true },
  rateRunningJava: { what: "creates a second: Java, running already", hasNoGrowth: true },
  writtenCommand: { what: "written a create: command, kB" },
  writtenRequest: { what: "written a create: daemon, kB" },
  writtenCrowd: { what: `written a create: daemon, ${CLIENTS} clients, kB`, hasNoGrowth: true },
  syncsCommand: { what: "fsyncs a create: command", hasNoGrowth: true },
  syncsRequest: { what: "fsyncs a create: daemon", hasNoGrowth: true },
  syncsCrowd: { what: `fsyncs a create: daemon, ${CLIENTS} clients`, hasNoGrowth: true },
  memoryAtRest: { what: "memory: daemon at rest, MB (VmRSS)" },
  memoryPeak: { what: "memory: daemon's peak in 100 creates, MB (VmHWM)" },
  file: { what: "file, kB" },
} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof ROWS;

/** What was measured at one size; nothing where that was not possible. */
export type Costs = Readonly<Partial<Record<RowName, number | undefined>>>;

/** By number of keys, in ascending order. */
export type CostsBySize = ReadonlyMap<number, Costs>;

const entries = Object.entries(ROWS) as [RowName, Row][];

export function costTable(costs: CostsBySize): { header: string[]; rows: string[][] } {
  const header = ["number of keys", ...Array.from(costs.keys(), formatSize)];
  const rows = entries.map(([name, { what }]) => {
    const values = Array.from(costs.values(), (cost) => cost[name]);
    return [what, ...values.map(formatCost)];
  });
  return { header, rows };
}

/** The ratio of each cost to that at the size before; "!" marks those that are worse than linear. */
export function growthTable(costs: CostsBySize): string {
  const sizes = [...costs.keys()];
  const header = ["growth from the size before", ...sizes.slice(1).map((size) => formatSize(size))];
  const rows = entries.filter(([, { hasNoGrowth }]) => !hasNoGrowth).map(([name, row]) => {
    const points = pointsOf(costs, name, row);
    const steps = new Map(growth(points).map((step, i) => [points[i + 1]?.size, step]));
    const cells = sizes.slice(1).map((size) => {
      const step = steps.get(size);
      return step ? `${step.ratio.toFixed(2)}${step.worseThanLinear ? " !" : "  "}` : "-  ";
    });
    return [row.isRate ? `${row.what}, inverse` : row.what, ...cells];
  });
  return formatTable(header, rows);
}

function pointsOf(costs: CostsBySize, name: RowName, { isRate }: Row): Point[] {
  return Array.from(costs, ([size, { [name]: cost }]) => ({ size, cost }))
    .filter((point): point is Point => point.cost !== undefined)
    .map(({ size, cost }) => ({ size, cost: isRate ? 1 / cost : cost }));
}

export function formatSize(size: number): string {
  return size.toLocaleString("en");
}

/** Three digits, or all before the point. */
export function formatCost(value: number | undefined): string {
  if (value === undefined) return "-";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1))));
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
