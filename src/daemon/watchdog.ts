export interface WatchdogOptions {
  /** How long the service manager waits for a sign of life. */
  readonly timeoutMs: number;
  /** Does what the service is there for, or throws. */
  readonly probe: () => Promise<void>;
  readonly alive: () => void;
  readonly onError: (error: unknown) => void;
}

/** So often within the time limit: one probe may fail, or take its time. */
const PROBES = 3;

/**
 * Gives signs of life as long as the service does what it is there for; where it does not, all that is
 * done is to say nothing, and the service manager starts it anew.
 *
 * @returns ends it
 */
export function startWatchdog({ timeoutMs, probe, alive, onError }: WatchdogOptions): () => void {
  const everyMs = timeoutMs / PROBES;
  let isOver = false;
  let timer = setTimeout(turn, 0);
  async function turn(): Promise<void> {
    try {
      await probe();
      if (!isOver) alive();
    } catch (error) {
      if (!isOver) onError(error);
    }
    if (!isOver) timer = setTimeout(turn, everyMs);
  }
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
