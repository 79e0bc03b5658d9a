import { performance } from "node:perf_hooks";
import process from "node:process";
import { encodeRequest, HttpConnection } from "./http_connection.ts";

export interface Crowd {
  readonly socket: string;
  /** Each on a connection of its own, opened beforehand. */
  readonly clients: number;
}

export interface Load {
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  /** What this process, the clients' side, has computed meanwhile. */
  readonly processorMs: number;
}

/** Creates a key for each alias; every client sends the next request once it has its answer. */
export function createKeys(crowd: Crowd, aliases: readonly string[]): Promise<Load> {
  const requests = aliases.map((alias) => encodeRequest("POST", "/v1/keys", { alias }));
  return sendAll(crowd, requests, 201);
}

export function revokeKeys(crowd: Crowd, aliases: readonly string[]): Promise<Load> {
  const requests = aliases.map((alias) => encodeRequest("DELETE", `/v1/keys/${alias}`));
  return sendAll(crowd, requests, 204);
}

async function sendAll(
  { socket, clients }: Crowd,
  requests: readonly string[],
  expectedStatus: number,
): Promise<Load> {
  const opened = Array.from({ length: clients }, () => HttpConnection.open(socket));
  const connections = await Promise.all(opened);
  try {
    const queue = requests.values();
    const startedAtMs = performance.now();
    const before = process.cpuUsage();
    await Promise.all(connections.map((client) => work(client, queue, expectedStatus)));
    const { user, system } = process.cpuUsage(before);
    return { elapsedMs: performance.now() - startedAtMs, processorMs: (user + system) / 1000 };
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function work(
  client: HttpConnection,
  queue: Iterable<string>,
  expectedStatus: number,
): Promise<void> {
  for (const request of queue) {
    const status = await client.send(request);
    if (status !== expectedStatus) throw new Error(`${request.split("\r\n")[0]}: ${status}`);
  }
}
