/**
 * Checks a key again and again over several connections, as whoever runs it, and notes when each check
 * started and ended: `performance.timeOrigin` plus `performance.now()`, which all processes of this
 * machine share. It ends with its standard input and then tells of the checks that say yes and of
 * those that say no.
 *
 *     verifier.ts '{"socket":"…","connections":8}'
 *
 * Standard input has a line for each key to check from now on; it is acknowledged with the number of
 * checks so far that say no.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { encodeRequest } from "../support/http.ts";
import { AnswerReader } from "./answer_reader.ts";
import { opened } from "./connection.ts";

/** All checks of one key by one process. */
export interface Checks {
  readonly key: string;
  /** When the last that said yes was sent, and when its answer came. */
  lastYes: { readonly sentAt: number; readonly answeredAt: number } | undefined;
  /** When the first that said no was answered. */
  firstNoAt: number | undefined;
  yes: number;
  no: number;
  /** Sent after a no had been seen, of which none may say yes. */
  yesAfterNo: number;
}

interface Order {
  readonly socket: string;
  readonly connections: number;
}

const { socket, connections } = JSON.parse(process.argv[2] ?? "") as Order;
const all: Checks[] = [];
let refused = 0;
const requests = new Map<string, string>();

const lines = createInterface({ input: process.stdin });
lines.on("line", (key) => {
  all.push({ key, lastYes: undefined, firstNoAt: undefined, yes: 0, no: 0, yesAfterNo: 0 });
  process.stdout.write(`${refused}\n`);
});
lines.once("close", () => {
  process.stdout.write(JSON.stringify(all), () => process.exit());
});
for (let i = 0; i < connections; i++) await connect();

async function connect(): Promise<void> {
  const connection = await opened(socket);
  let sentAt = 0;
  let asked: Checks | undefined;
  const ask = () => {
    asked = all.at(-1);
    if (asked === undefined) {
      setTimeout(ask, 5);
      return;
    }
    sentAt = now();
    connection.write(requestFor(asked.key));
  };
  const reader = new AnswerReader((status) => {
    note(asked, status, sentAt);
    ask();
  });
  connection.on("data", (chunk) => reader.receive(chunk));
  ask();
}

function note(checks: Checks | undefined, status: number, sentAt: number): void {
  if (checks === undefined) return;
  const answeredAt = now();
  if (status === 204) {
    checks.yes++;
    checks.lastYes = { sentAt: Math.max(sentAt, checks.lastYes?.sentAt ?? 0), answeredAt };
    if (checks.firstNoAt !== undefined && sentAt > checks.firstNoAt) checks.yesAfterNo++;
  } else if (status === 401) {
    checks.no++;
    refused++;
    checks.firstNoAt ??= answeredAt;
  } else if (status !== 429) throw new Error(`a check is answered with ${status}`);
}

function requestFor(key: string): string {
  let request = requests.get(key);
  if (request === undefined) {
    const headers = { Connection: "keep-alive", Authorization: `Bearer ${key}` };
    requests.set(key, request = encodeRequest({ method: "GET", path: "/v1/auth", headers }));
  }
  return request;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
