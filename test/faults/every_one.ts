import * as assert from "uvu/assert";
import { measured } from "../support/measured.ts";
import { countFaults, describeFault, type Fault } from "./faults.ts";
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

/** Lets every one of the faults strike, and asserts that all of them were survived. */
export async function assertEverySurvived<Bench>(sweep: Sweep<Bench>): Promise<void> {
  const { about, faults, least, benches, assertSurvives } = sweep;
  const problems = await inTurns(faults, benches, describeFault, assertSurvives);
  const counts = countFaults(faults);
  measured(`${about}: ${counts.faults} faults, ${counts.kills} kills`);
  assert.equal(problems, []);
  assert.ok(counts.faults >= least.faults && counts.kills >= least.kills, "all were found");
}
