import process from "node:process";
import { COMMAND } from "./command.ts";

/** `--whole` of scripts/test.ts: all there is to try, however long it takes. */
export const IS_WHOLE = process.env["TEST_WHOLE"] === "1";

/** Whether the command under test is the source, which a runtime loads, and not the executable. */
export const IS_SOURCE = COMMAND.length > 1;

/**
 * Of cases that are all the same to the runtime, those that are tried on the source, too: one in so
 * many. The executable is tried with all of them.
 */
export function sampled<T>(cases: readonly T[], oneIn: number): readonly T[] {
  return IS_SOURCE ? cases.filter((_, index) => index % oneIn === 0) : cases;
}

/** How often something is tried: by itself a part that shows the same, in `npm run test:faults` all. */
export function extent({ whole, part }: { readonly whole: number; readonly part: number }): number {
  return IS_WHOLE ? whole : part;
}
