import { setTimeout as sleep } from "node:timers/promises";
import { closed, open } from "./connection.ts";
import type { Order } from "./kinds.ts";
import type { Tally } from "./tally.ts";

/** Connects and goes, as fast as it can. */
export function churn({ socket, connections }: Order, tally: Tally): void {
  const again = () => {
    const coming = open(socket);
    coming.once("connect", () => {
      tally.add("connected");
      coming.destroy();
    });
    coming.once("close", () => setImmediate(again));
  };
  for (let i = 0; i < connections; i++) again();
}

/** A connection for each request. */
export function churnWithRequest(order: Order, tally: Tally): void {
  const { socket, connections, request = "" } = order;
  const again = () => {
    const asking = open(socket);
    let status = "nothing";
    asking.write(request);
    asking.on("data", (chunk) => status = chunk.toString("latin1").slice(9, 12));
    asking.once("close", () => {
      tally.add(status);
      setImmediate(again);
    });
  };
  for (let i = 0; i < connections; i++) again();
}

const MOMENTS_MS = [0, 0, 0, 1, 2, 5, 20];

/** Sends all of a request or part of it, and is gone at some moment of it or its answer. */
export async function abort(order: Order, tally: Tally): Promise<void> {
  let left = order.times ?? 0;
  const work = async () => {
    while (left-- > 0) await abortOne(order, tally);
  };
  await Promise.all(Array.from({ length: order.connections }, work));
}

async function abortOne({ socket, request = "" }: Order, tally: Tally): Promise<void> {
  const sender = open(socket);
  const isWhole = Math.random() < 0.5;
  sender.write(isWhole ? request : request.slice(0, Math.floor(Math.random() * request.length)));
  const momentMs = MOMENTS_MS[Math.floor(Math.random() * MOMENTS_MS.length)] ?? 0;
  await Promise.race([closed(sender), sleep(momentMs)]);
  // Where the line before the daemon was full there was nothing to abort.
  tally.add(sender.bytesWritten > 0 ? "aborted" : "not connected");
  sender.destroy();
}
