import * as assert from "uvu/assert";
import { IS_WHOLE } from "../support/extent.ts";
import { measured } from "../support/measured.ts";
import { countFaults, describeFault, type Fault, representative } from "./faults.ts";
import { inTurns } from "./in_turns.ts";

export interface Sweep<Bench> {
  /** What is broken, for the counts that are printed. */
  readonly about: string;
  readonly faults: readonly Fault[];
  /** Fewer would mean that calls were overlooked. */
  readonly least: { readonly faults: number; readonly kills: number };
  readonly benches: readonly Bench[];
  readonly assertSurvives: (fault: Fault, bench: Bench) => Promise<void>;
}

/**
 * Lets the faults strike, all of them where the whole is asked for, else a part that represents them,
 * and asserts that they were survived.
 */
export async function assertEverySurvived<Bench>(sweep: Sweep<Bench>): Promise<void> {
  const { about, faults, least, benches, assertSurvives } = sweep;
  const struck = IS_WHOLE ? faults : representative(faults);
  const problems = await inTurns(struck, benches, describeFault, assertSurvives);
  const tried = countFaults(struck);
  const counts = countFaults(faults);
  measured(
    `${about}: ${tried.faults} of ${counts.faults} faults, ${tried.kills} of ${counts.kills} kills`,
  );
  assert.equal(problems, []);
  assert.ok(counts.faults >= least.faults && counts.kills >= least.kills, "all were found");
}
