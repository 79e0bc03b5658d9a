/** What came of some cases. */
export interface Report {
  cases: number;
  answers: number;
  /** How often each status came, by who asked: `admin 204`. */
  readonly statuses: Record<string, number>;
  /** Keys found valid. */
  yes: number;
  readonly failures: Failure[];
}

export interface Failure {
  readonly case: number;
  readonly problem: string;
}

export function emptyReport(): Report {
  return { cases: 0, answers: 0, statuses: {}, yes: 0, failures: [] };
}

/** Adds what came of further cases to `sum`. */
export function addReport(sum: Report, other: Report): void {
  sum.cases += other.cases;
  sum.answers += other.answers;
  sum.yes += other.yes;
  for (const [status, count] of Object.entries(other.statuses)) {
    sum.statuses[status] = (sum.statuses[status] ?? 0) + count;
  }
  sum.failures.push(...other.failures);
}

export function describeReport({ cases, answers, statuses, yes }: Report): string[] {
  const counts = Object.entries(statuses).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([status, count]) => `${count} ${status}`);
  return [`${cases} cases, ${answers} answers, ${yes} of them yes`, counts.join(", ")];
}
