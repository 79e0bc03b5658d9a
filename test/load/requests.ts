import type { Socket } from "node:net";
import { closed, open, opened } from "./connection.ts";
import type { Order } from "./kinds.ts";
import { AnswerReader } from "./answer_reader.ts";
import type { Tally } from "./tally.ts";

/** The same request again and again, each as soon as there is the answer to the one before. */
export function ask(order: Order, tally: Tally): void {
  for (let i = 0; i < order.connections; i++) void askOn(order, tally);
}

async function askOn({ socket, request = "" }: Order, tally: Tally): Promise<void> {
  for (;;) {
    const asking = await opened(socket);
    const reader = new AnswerReader((status) => {
      tally.add(String(status));
      asking.write(request);
    });
    asking.on("data", (chunk) => reader.receive(chunk));
    asking.write(request);
    await closed(asking);
    tally.add("closed");
  }
}

const POLITE_PAUSE_MS = 20;

/** One request now and then, by somebody who waits for the answer: how long that takes at most. */
export function askPolitely({ socket, request = "" }: Order, tally: Tally): void {
  const again = async () => {
    const startedAt = performance.now();
    const asking = await opened(socket);
    asking.write(request);
    asking.on("data", (chunk) => tally.add(chunk.toString("latin1").slice(9, 12)));
    await closed(asking);
    tally.most("worst ms", Math.round(performance.now() - startedAt));
    setTimeout(again, POLITE_PAUSE_MS);
  };
  void again();
}

const PIPELINED = 1_000;

/** As many requests as the connection takes, and none of the answers read. */
export function pipelineWithoutReading(order: Order, tally: Tally): void {
  for (let i = 0; i < order.connections; i++) void pipelineOn(order, tally);
}

async function pipelineOn({ socket, request = "" }: Order, tally: Tally): Promise<void> {
  const requests = request.repeat(PIPELINED);
  for (;;) {
    const sending = open(socket).pause();
    keepWriting(sending, requests);
    await closed(sending);
    tally.add("cut off");
  }
}

const PIECES = "1\r\na\r\n".repeat(10_000);

/** One request with a body without end, in pieces of one octet each. */
export function sendPieces({ socket, connections, request = "" }: Order, tally: Tally): void {
  const again = async () => {
    const sending = open(socket);
    sending.write(request);
    keepWriting(sending, PIECES);
    sending.on("drain", () => keepWriting(sending, PIECES));
    sending.on("data", (chunk) => tally.add(chunk.toString("latin1").slice(9, 12)));
    await closed(sending);
    tally.add("closed");
    setImmediate(again);
  };
  for (let i = 0; i < connections; i++) void again();
}

function keepWriting(socket: Socket, text: string): void {
  while (!socket.destroyed && socket.write(text));
  socket.once("drain", () => keepWriting(socket, text));
}
