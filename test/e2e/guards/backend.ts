import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What a request was when it arrived behind a proxy: the body of every answer, as JSON. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hex. */
  readonly digest: string;
}

/** A server on this host, which trusts whoever comes. */
export interface Backend extends AsyncDisposable {
  readonly port: number;
  /** How many requests have got through to it. */
  arrivals(): number;
  /** Sends the second event of every `/events` under way, which goes on. */
  sendSecondEvent(): void;
}

/** Answers with what arrived; `/events` is a stream of events, and upgrades are echoes. */
export async function startBackend(): Promise<Backend> {
  let arrivals = 0;
  const streams: ServerResponse[] = [];
  const server = createServer((request, response) => {
    arrivals++;
    if (request.url === "/events") streams.push(startEvents(response));
    else answerArrival(request, response);
  });
  server.on("upgrade", (request, socket: Socket) => {
    arrivals++;
    echo(request, socket);
  });
  const port = await listen(server);
  return {
    port,
    arrivals: () => arrivals,
    sendSecondEvent() {
      for (const stream of streams.splice(0)) stream.write("data: second\n\n");
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A port that nobody listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function startEvents(response: ServerResponse): ServerResponse {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write("data: first\n\n");
  return response;
}

function answerArrival(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash("sha256");
  request.on("data", (chunk: Uint8Array) => hash.update(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, digest: hash.digest("hex") }));
  });
}

function echo({ headers }: IncomingMessage, socket: Socket): void {
  const upgrade = `Connection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n`;
  socket.on("error", () => socket.destroy());
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n`);
  socket.pipe(socket);
}
