/**
 * Works through a list at several benches at once.
 *
 * @returns what went wrong, one text for each item that did not work
 */
export async function inTurns<Item, Bench>(
  items: readonly Item[],
  benches: readonly Bench[],
  describe: (item: Item) => string,
  work: (item: Item, bench: Bench) => Promise<void>,
): Promise<string[]> {
  const queue = [...items];
  const problems: string[] = [];
  await Promise.all(benches.map(async (bench) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item, bench);
      } catch (error) {
        problems.push(`${describe(item)}: ${explain(error)}`);
      }
    }
  }));
  return problems;
}

/** With what was expected and what was there. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { details } = error as Error & { details?: unknown };
  return typeof details === "string" ? `${error.message}\n${details}` : error.message;
}
