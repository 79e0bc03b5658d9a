/** The load generator as a process of its own, which its parent gives orders. */
import { Buffer } from "node:buffer";
import process from "node:process";
import { saturate } from "./closed_loop.ts";
import type { Requests } from "./load.ts";
import { pace } from "./open_loop.ts";
import type { Answer, Order, Outcomes } from "./orders.ts";

const kept = new Map<string, Requests>();

process.on("message", async (order: Order) => {
  const answer = await obey(order).then(
    (outcome): Answer => ({ ok: true, outcome }),
    (error): Answer => ({ ok: false, message: error.message }),
  );
  process.send?.(answer);
});

async function obey(order: Order): Promise<Outcomes[Order["kind"]]> {
  const { kind, name } = order;
  if (kind === "keep") {
    kept.set(name, inTurn(order.requests.map((text) => Buffer.from(text))));
    return null;
  }
  const requests = kept.get(name);
  if (requests === undefined) throw new TypeError(`no such requests: ${name}`);
  if (kind === "saturate") return await saturate(order.target, requests);
  return await pace(order.target, requests, order.perSecond);
}

function inTurn(requests: readonly Buffer[]): Requests {
  let index = 0;
  return {
    next() {
      const request = requests[index++ % requests.length];
      if (request === undefined) throw new TypeError("no requests");
      return request;
    },
  };
}
