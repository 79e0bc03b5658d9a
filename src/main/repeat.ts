/** How long to wait after a failure, unless that is less than usual. */
const AFTER_FAILURE_MS = 60_000;

/**
 * Does something again and again, less often while it fails: each time may cost a look at the whole
 * keystore.
 *
 * @returns ends it
 */
export function repeat(
  work: () => Promise<void>,
  everyMs: number,
  onError: (error: unknown) => void,
): () => void {
  let timer = setTimeout(turn, everyMs);
  let isOver = false;
  async function turn(): Promise<void> {
    let delayMs = everyMs;
    await work().catch((error) => {
      delayMs = Math.max(everyMs, AFTER_FAILURE_MS);
      onError(error);
    });
    if (!isOver) timer = setTimeout(turn, delayMs);
  }
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
