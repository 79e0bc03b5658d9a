import { encodeRequest } from "../support/http.ts";
import { opened } from "./connection.ts";
import type { Order } from "./kinds.ts";
import type { Tally } from "./tally.ts";

const BYTE_EVERY_MS = 1_000;

/** Connections on which nothing is ever said. */
export async function holdIdle({ socket, connections }: Order, tally: Tally): Promise<void> {
  for (let i = 0; i < connections; i++) {
    const held = await opened(socket);
    tally.add("opened");
    held.resume().once("close", () => tally.add("closed"));
  }
}

export async function dribbleHeads(order: Order, tally: Tally): Promise<void> {
  await dribble(order, tally, "", encodeRequest({ method: "GET", path: "/v1/auth" }));
}

export async function dribbleBodies(order: Order, tally: Tally): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ key: "x".repeat(1_000) });
  const text = encodeRequest({ method: "POST", path: "/v1/verify", headers, body });
  await dribble(order, tally, text.slice(0, -body.length), body);
}

/** Sends `slowly` a byte a second, and all of it again on a new connection where it is cut off. */
async function dribble(
  { socket, connections }: Order,
  tally: Tally,
  atOnce: string,
  slowly: string,
): Promise<void> {
  for (let i = 0; i < connections; i++) await start();

  async function start(): Promise<void> {
    const sender = await opened(socket);
    tally.add("opened");
    sender.resume().write(atOnce);
    let sent = 0;
    const timer = setInterval(() => sender.write(slowly.charAt(sent++)), BYTE_EVERY_MS);
    sender.once("close", () => {
      clearInterval(timer);
      tally.add("cut off");
      void start();
    });
  }
}

/** Asks for more than the socket's buffers hold, and reads none of it. */
export async function readNothing(order: Order, tally: Tally): Promise<void> {
  const { socket, connections, request = "" } = order;
  for (let i = 0; i < connections; i++) {
    const held = await opened(socket);
    tally.add("opened");
    held.pause().write(request.repeat(8));
    held.once("close", () => tally.add("cut off"));
  }
}
