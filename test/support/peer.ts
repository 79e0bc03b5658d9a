/**
 * Sends HTTP requests over a Unix domain socket as whoever runs it: `{"socket", "requests"}` on
 * standard input, the answers as a JSON array on standard output; null where connecting failed.
 */
import process from "node:process";
import { text } from "node:stream/consumers";
import { type Request, send } from "./http.ts";

interface Order {
  readonly socket: string;
  readonly requests: readonly Request[];
}

const { socket, requests } = JSON.parse(await text(process.stdin)) as Order;
const answers = [];
for (const request of requests) {
  answers.push(await send(socket, request).catch(() => null));
}
process.stdout.write(JSON.stringify(answers));
