import { abort, churn, churnWithRequest } from "./churn.ts";
import { ask, askPolitely, pipelineWithoutReading, sendPieces } from "./requests.ts";
import { dribbleBodies, dribbleHeads, holdIdle, readNothing } from "./slow.ts";
import type { Tally } from "./tally.ts";

export interface Order {
  readonly kind: string;
  readonly socket: string;
  readonly connections: number;
  /** How often to do it, for those kinds that come to an end. */
  readonly times?: number;
  /** A whole request, for those kinds that send one. */
  readonly request?: string;
}

export type Kind = (order: Order, tally: Tally) => void | Promise<void>;

/** What a client can do to a daemon. Each returns, or resolves, once it is in full swing. */
export const KINDS: Readonly<Record<string, Kind>> = {
  idle: holdIdle,
  slowHeads: dribbleHeads,
  slowBodies: dribbleBodies,
  slowReaders: readNothing,
  ask,
  askPolitely,
  pipeline: pipelineWithoutReading,
  sendPieces,
  churn,
  churnWithRequest,
  abort,
};
