import { median } from "../measure.ts";
import type { Checks, Contender } from "./contender.ts";

/** How long every contender is asked in a round. */
export const TURN_MS = 700;

/**
 * In how many parts: what else happens on a machine makes one second differ from the next by more
 * than the contenders differ, so that they have to take turns more often than that.
 */
export const SLICES = 10;

/** The slow ones are in every so manieth round. */
const SLOW_EVERY = 5;

/** What came of a contender's turns, by round. */
type Turns = ReadonlyMap<number, Checks>;

/** What was measured. */
export class Results {
  readonly #turns: ReadonlyMap<Contender, Turns>;

  constructor(turns: ReadonlyMap<Contender, Turns>) {
    this.#turns = turns;
  }

  /** The median checks a second; NaN of what was not measured. */
  rate(contender: Contender | undefined): number {
    return median(this.#over(contender, ({ checks, elapsedMs }) => 1000 * checks / elapsedMs));
  }

  /** The median of what one rate is of another in the same round. */
  ratio(contender: Contender | undefined, other: Contender | undefined): number {
    return this.#compare(contender, other, ({ checks, elapsedMs }) => checks / elapsedMs);
  }

  /** The same of checks in a second of the servers' processor time. */
  processorRatio(contender: Contender | undefined, other: Contender | undefined): number {
    return this.#compare(contender, other, ({ checks, serverMs }) => checks / serverMs);
  }

  /** What a check costs the server: it varies less than the rate while others compute, too. */
  serverUs(contender: Contender): number {
    return median(this.#over(contender, ({ serverMs, checks }) => 1000 * serverMs / checks));
  }

  /** What the server took of one processor. */
  serverShare(contender: Contender): number {
    return median(this.#over(contender, ({ serverMs, elapsedMs }) => serverMs / elapsedMs));
  }

  /** What the process that asks did. */
  clientShare(contender: Contender): number {
    return median(this.#over(contender, ({ clientMs, elapsedMs }) => clientMs / elapsedMs));
  }

  #compare(
    contender: Contender | undefined,
    other: Contender | undefined,
    value: (turn: Checks) => number,
  ): number {
    const turns = contender && this.#turns.get(contender);
    const others = other && this.#turns.get(other);
    if (turns === undefined || others === undefined) return NaN;
    return median(Array.from(turns, ([round, turn]) => {
      const match = others.get(round);
      return match === undefined ? NaN : value(turn) / value(match);
    }));
  }

  #over(contender: Contender | undefined, value: (turn: Checks) => number): number[] {
    const turns = contender && this.#turns.get(contender);
    return turns === undefined ? [] : Array.from(turns.values(), value);
  }
}

/** Lets the contenders take turns in rounds, after one that does not count. */
export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
  progress: (text: string) => void,
): Promise<Results> {
  const turns = new Map(contenders.map((contender) => [contender, new Map<number, Checks>()]));
  for (let round = -1; round < rounds; round++) {
    progress(round < 0 ? "warming up" : `round ${round + 1} of ${rounds}`);
    for (const [contender, checks] of await runRound(contenders, round)) {
      if (round >= 0) turns.get(contender)?.set(round, checks);
    }
  }
  return new Results(turns);
}

async function runRound(
  contenders: readonly Contender[],
  round: number,
): Promise<ReadonlyMap<Contender, Checks>> {
  const sums = new Map<Contender, Checks>();
  for (let slice = 0; slice < SLICES; slice++) {
    for (const contender of contenders) {
      if (contender.isSlow) continue;
      const checks = await contender.run(TURN_MS / SLICES);
      sums.set(contender, sum(sums.get(contender), checks));
    }
  }
  if (round > 0 && round % SLOW_EVERY !== 0) return sums;
  for (const contender of contenders) {
    if (contender.isSlow) sums.set(contender, await contender.run(TURN_MS));
  }
  return sums;
}

function sum(some: Checks | undefined, more: Checks): Checks {
  if (some === undefined) return more;
  return {
    checks: some.checks + more.checks,
    elapsedMs: some.elapsedMs + more.elapsedMs,
    serverMs: some.serverMs + more.serverMs,
    clientMs: some.clientMs + more.clientMs,
  };
}
