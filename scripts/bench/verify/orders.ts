import type { Latencies } from "./open_loop.ts";
import type { Load } from "./closed_loop.ts";
import type { Target } from "./load.ts";

/** What the load generator, a process of its own, is told. */
export type Order =
  | { readonly kind: "keep"; readonly name: string; readonly requests: readonly string[] }
  | { readonly kind: "saturate"; readonly name: string; readonly target: Target }
  | {
    readonly kind: "pace";
    readonly name: string;
    readonly target: Target;
    readonly perSecond: number;
  };

/** What it has to say to each of them. */
export interface Outcomes {
  readonly keep: null;
  readonly saturate: Load;
  readonly pace: Latencies;
}

export type Answer =
  | { readonly ok: true; readonly outcome: Outcomes[Order["kind"]] }
  | { readonly ok: false; readonly message: string };
