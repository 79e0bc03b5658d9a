/** What came of some cases. */
export interface Report {
  cases: number;
  accepted: number;
  /** How many files were rejected, by code. */
  readonly rejected: Record<string, number>;
  /** How many API keys of accepted files opened, and how many did not. */
  readonly apiKeys: { opened: number; unreadable: number };
  /** The different reasons for rejection. */
  reasons: string[];
  slowest: { case: number; ms: number };
  maxRssBytes: number;
  readonly failures: Failure[];
}

export interface Failure {
  readonly case: number;
  readonly problem: string;
}

export function emptyReport(): Report {
  return {
    cases: 0,
    accepted: 0,
    rejected: {},
    apiKeys: { opened: 0, unreadable: 0 },
    reasons: [],
    slowest: { case: -1, ms: 0 },
    maxRssBytes: 0,
    failures: [],
  };
}

/** Adds what came of further cases to `sum`. */
export function addReport(sum: Report, other: Report): void {
  sum.cases += other.cases;
  sum.accepted += other.accepted;
  for (const [code, count] of Object.entries(other.rejected)) {
    sum.rejected[code] = (sum.rejected[code] ?? 0) + count;
  }
  sum.apiKeys.opened += other.apiKeys.opened;
  sum.apiKeys.unreadable += other.apiKeys.unreadable;
  sum.reasons = [...new Set([...sum.reasons, ...other.reasons])];
  if (other.slowest.ms > sum.slowest.ms) sum.slowest = other.slowest;
  sum.maxRssBytes = Math.max(sum.maxRssBytes, other.maxRssBytes);
  sum.failures.push(...other.failures);
}

export function describeReport(report: Report): string[] {
  const { cases, accepted, rejected, apiKeys, reasons, slowest, maxRssBytes } = report;
  const codes = Object.entries(rejected).map(([code, count]) => `${count} ${code}`);
  return [
    `${cases} cases: ${accepted} accepted, ${codes.join(", ")}`,
    `API keys in accepted files: ${apiKeys.opened} opened, ${apiKeys.unreadable} unreadable`,
    `${reasons.length} different reasons for rejection`,
    `slowest case ${slowest.case}: ${slowest.ms.toFixed(0)} ms`,
    `memory at most ${(maxRssBytes / 2 ** 20).toFixed(0)} MiB`,
  ];
}
