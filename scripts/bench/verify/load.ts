import { Buffer } from "node:buffer";
import { Connection } from "./connection.ts";

/** Whom to ask. */
export interface Target {
  readonly socket: string;
  /** The server's. */
  readonly pid: number;
  /** Each with one request under way at most. */
  readonly connections: number;
  /** Of every answer; another one ends the load with an error. */
  readonly status: number;
  readonly durationMs: number;
}

/** Requests as they go over the wire, in turn and without end. */
export interface Requests {
  next(): Buffer;
}

/** Checks nothing, so that no server has to work for it. */
const GREETING = Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

/**
 * Opens the connections, runs `work` with them and closes them; fails as soon as one of them does,
 * or has another status to tell than what is expected: `over` then says so to `work`.
 *
 * `work` begins when the server has answered once on every connection, whatever it answered: what
 * it costs to accept them is not to be measured.
 */
export async function withConnections<T>(
  { socket, connections, status: expected }: Target,
  answered: (connection: Connection) => void,
  work: (connections: readonly Connection[], over: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const { promise: failure, reject } = Promise.withResolvers<never>();
  // It may come before anybody waits for it.
  failure.catch(() => {});
  const { promise: greeted, resolve } = Promise.withResolvers<void>();
  let strangers = connections;
  const judge = (connection: Connection, status: number) => {
    if (strangers > 0) return --strangers === 0 ? resolve() : undefined;
    if (status !== expected) throw new Error(`answered with ${status}, wanted ${expected}`);
    answered(connection);
  };
  const opening = Array.from({ length: connections }, () => Connection.open(socket, judge, reject));
  const opened = await Promise.all(opening);
  try {
    for (const connection of opened) connection.send(GREETING);
    await Promise.race([greeted, failure]);
    return await Promise.race([work(opened, over.signal), failure]);
  } finally {
    over.abort();
    for (const connection of opened) connection.close();
  }
}
