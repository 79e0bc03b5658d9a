import { missing } from "../support/requirements.ts";

/**
 * A hook for `test.before` that does nothing without the tools it needs, for the tests are skipped
 * then, and that says why it failed: uvu passes over the tests without a word.
 */
export function setUpWith(tools: readonly string[], run: () => Promise<void>): () => Promise<void> {
  return async () => {
    if (missing(...tools).length > 0) return;
    try {
      await run();
    } catch (error) {
      console.error(error);
      throw error;
    }
  };
}
