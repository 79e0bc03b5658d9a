import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Load } from "./closed_loop.ts";
import type { Target } from "./load.ts";
import type { Latencies } from "./open_loop.ts";
import type { Answer, Order, Outcomes } from "./orders.ts";

/** No order takes that long, unless a server does not answer. */
const TIMEOUT_MS = 60_000;

const PROGRAM = fileURLToPath(new URL("./generator_process.ts", import.meta.url));

/** The load generator: a process of its own, so that the servers have a processor to themselves. */
export class Generator {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(PROGRAM);
  }

  /** Requests for later, to be sent in turn. */
  async keep(name: string, requests: readonly string[]): Promise<void> {
    await this.#order({ kind: "keep", name, requests });
  }

  async saturate(name: string, target: Target): Promise<Load> {
    return await this.#order({ kind: "saturate", name, target });
  }

  async pace(name: string, target: Target, perSecond: number): Promise<Latencies> {
    return await this.#order({ kind: "pace", name, target, perSecond });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }

  async #order<Kind extends Order["kind"]>(
    order: Order & { readonly kind: Kind },
  ): Promise<Outcomes[Kind]> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const died = () => reject(new Error("the load generator has ended"));
    const late = () => reject(new Error("the server does not answer"));
    const timer = setTimeout(late, TIMEOUT_MS);
    this.#child.once("message", resolve).once("exit", died);
    this.#child.send(order);
    const answer = await promise.finally(() => {
      clearTimeout(timer);
      this.#child.off("message", resolve).off("exit", died);
    });
    if (!answer.ok) throw new Error(answer.message);
    return answer.outcome as Outcomes[Kind];
  }
}
