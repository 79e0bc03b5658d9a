/** What a benchmark is given. */
export interface BenchmarkContext {
  /** argv of the apikey that is measured. */
  readonly command: readonly [string, ...string[]];
  readonly rounds: number;
  /** How many keys, in ascending order, where a benchmark asks; undefined for its own choice. */
  readonly sizes: readonly number[] | undefined;
  /** A folder of its own, removed afterwards. */
  readonly folder: string;
  /** Says on stderr what is going on. */
  progress(text: string): void;
}

/** What a benchmark hands back to be printed: a table and lines below it. */
export interface BenchmarkReport {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

export interface Benchmark {
  readonly summary: string;
  run(context: BenchmarkContext): Promise<BenchmarkReport>;
}
