/** What has become of one of several pieces of work. */
export type Outcome<T> =
  | { readonly status: "done"; readonly result: T }
  | { readonly status: "failed"; readonly error: unknown };

export interface CarryOutOptions<Item, Result> {
  readonly maxAtOnce: number;
  /** Once it is aborted, nothing more is begun. */
  readonly signal: AbortSignal;
  readonly work: (item: Item) => Promise<Result>;
  /** Hears of those that are done, in the order of the items. */
  readonly onDone: (item: Item, result: Result) => void;
}

/**
 * Does work piece by piece, some at a time. Nothing is begun after the first failure, or once
 * somebody wants an end; what is under way then comes to its own, and is heard of as well.
 *
 * @returns of each piece in order what has become of it; undefined for one that was not begun
 * @throws what `onDone` throws, once nothing is under way any more
 */
export async function carryOut<Item, Result>(
  items: readonly Item[],
  { maxAtOnce, signal, work, onDone }: CarryOutOptions<Item, Result>,
): Promise<(Outcome<Result> | undefined)[]> {
  const outcomes: (Outcome<Result> | undefined)[] = items.map(() => undefined);
  const waiting = items.entries();
  let hasFailed = false;
  let deaf: { readonly error: unknown } | undefined;
  let told = 0;
  const tell = (isLast: boolean) => {
    for (; told < items.length && deaf === undefined; told++) {
      const [item, outcome] = [items[told] as Item, outcomes[told]];
      if (outcome?.status === "done") onDone(item, outcome.result);
      else if (!isLast) return;
    }
  };
  const tellOrStop = (isLast = false) => {
    try {
      tell(isLast);
    } catch (error) {
      deaf = { error };
    }
  };
  const doSome = async () => {
    for (const [index, item] of waiting) {
      if (signal.aborted) return;
      try {
        outcomes[index] = { status: "done", result: await work(item) };
        tellOrStop();
      } catch (error) {
        outcomes[index] = { status: "failed", error };
        hasFailed = true;
      }
      if (hasFailed || deaf !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxAtOnce, items.length) }, doSome));
  tellOrStop(true);
  if (deaf !== undefined) throw deaf.error;
  return outcomes;
}
