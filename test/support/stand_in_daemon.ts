import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Verification } from "../../src/protocol/verification.ts";

/** An open stream of events, on which a test says what it likes. */
export interface StandInStream {
  readonly lastEventId: string | undefined;
  write(chunk: string): void;
  /** An event of the epoch `e`. */
  tell(type: string, number: number, alias?: string): void;
  end(): void;
}

/** A server that says what a test wants to hear, gone at the end of the block that holds it. */
export interface StandInDaemon extends AsyncDisposable {
  readonly socket: string;
  /** Answers `/v1/verify`; may take its time. */
  verify: (key: string) => Verification | Promise<Verification>;
  /** Answers `/v1/events` in place of a stream. */
  refuseEvents: ((response: ServerResponse) => void) | undefined;
  /** The keys it has been asked for. */
  readonly asked: string[];
  /** How many connections it has accepted. */
  connections(): number;
  /** The next stream that a follower opens, in order. */
  nextStream(): Promise<StandInStream>;
}

export function valid(alias: string, expiresAt: string | null = null): Verification {
  return { valid: true, code: "VALID", alias, expiresAt };
}

export const UNKNOWN: Verification = {
  valid: false,
  code: "NOT_FOUND",
  alias: null,
  expiresAt: null,
};

export async function startStandIn(socket: string): Promise<StandInDaemon> {
  const streams: StandInStream[] = [];
  let wake = Promise.withResolvers<void>();
  let connections = 0;
  const server = createServer((request, response) => {
    if (request.url !== "/v1/events") return void answerVerify(daemon, request, response);
    if (daemon.refuseEvents !== undefined) return daemon.refuseEvents(response);
    streams.push(openStream(request, response));
    wake.resolve();
  });
  server.on("connection", () => connections++);
  const daemon: StandInDaemon = {
    socket,
    verify: () => UNKNOWN,
    refuseEvents: undefined,
    asked: [],
    connections: () => connections,
    async nextStream() {
      while (streams.length === 0) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
      return streams.shift()!;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  server.listen(socket);
  await once(server, "listening");
  return daemon;
}

async function answerVerify(
  daemon: StandInDaemon,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { key } = JSON.parse(await text(request)) as { key: string };
  daemon.asked.push(key);
  const body = JSON.stringify(await daemon.verify(key));
  response.setHeader("Content-Type", "application/json");
  response.end(body);
}

function openStream(request: IncomingMessage, response: ServerResponse): StandInStream {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.flushHeaders();
  const write = (chunk: string) => void response.write(chunk);
  return {
    lastEventId: request.headers["last-event-id"] as string | undefined,
    write,
    tell(type, number, alias) {
      const data = JSON.stringify({ ...(alias === undefined ? {} : { alias }), at: AT });
      write(`id: e.${number}\nevent: ${type}\ndata: ${data}\n\n`);
    },
    end: () => void response.end(),
  };
}

const AT = "2026-11-23T08:00:00.000Z";
