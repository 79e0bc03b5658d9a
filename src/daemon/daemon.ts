import { chownSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { AppError } from "../errors.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import type { Platform } from "../platform/platform.ts";
import { describeProblem, PROBLEM_HEADERS } from "../api/problem.ts";
import { Connections } from "./connections.ts";
import { limitPipelining } from "./pipelining.ts";
import { answerRaw } from "./raw_answer.ts";
import { claimSocketPath, socketError } from "./socket_path.ts";

export interface DaemonOptions {
  readonly socketPath: string;
  /** Permission bits that the socket has from its first instant. */
  readonly socketMode: number;
  readonly socketGid: number | undefined;
  readonly platform: Platform;
  readonly fetch: (
    request: Request,
    environment: { readonly peer: PeerCredentials | undefined },
  ) => Response | Promise<Response>;
  /** Takes the details of a defect. */
  readonly log: (error: unknown) => void;
}

export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** How late the two above may be noticed. */
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 5_000,
  // Node's own answer to a missing Host is no problem document; the listener's is.
  requireHostHeader: false,
} as const;

/** What is under way at the end gets this long; the promise is to be gone within 5 s. */
const DRAIN_MS = 3_500;

/** A daemon that listens. */
export interface Daemon {
  /** Stops accepting, finishes the requests under way, removes the socket. */
  stop(): Promise<void>;
}

/**
 * Listens on a Unix domain socket and answers with `fetch`, telling it who asks.
 *
 * @throws AppError ERR_DAEMON_RUNNING, ERR_SOCKET
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const lock = await claimSocketPath(options.socketPath, options.platform);
  const server = createHttpServer(options);
  await listen(server, options);
  return {
    async stop() {
      await drain(server);
      lock.close();
    },
  };
}

function createHttpServer({ platform, fetch, log }: DaemonOptions): Server {
  const connections = new Connections((socket) => platform.peerCredentials(socket));
  const listener = getRequestListener(
    (request, bindings) => {
      const { incoming } = bindings as HttpBindings;
      return fetch(request, { peer: connections.peer(incoming.socket) });
    },
    { errorHandler: (error) => requestError(error, log) },
  );
  const server = createServer(LIMITS, limitPipelining(listener));
  // Before anything else sees the connection: what the kernel says now is what counts.
  server.prependListener("connection", (socket) => {
    try {
      connections.accept(socket);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      answerRaw(socket, error);
    }
  });
  server.on("clientError", (error, socket) => {
    const [status, text] = CLIENT_ERRORS[(error as NodeJS.ErrnoException).code ?? ""] ??
      [400, "malformed request"];
    answerRaw(socket, new AppError("ERR_INVALID_REQUEST", text), status);
  });
  return server;
}

const CLIENT_ERRORS: Readonly<Record<string, [status: number, text: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request took too long"],
  HPE_HEADER_OVERFLOW: [431, "the headers are too large"],
};

/** A request that is HTTP but makes no valid `Request`, such as one with a garbled Host. */
function requestError(error: unknown, log: (error: unknown) => void): Response {
  const isTheirs = error instanceof Error && error.name === "RequestError";
  const known = isTheirs ? new AppError("ERR_INVALID_REQUEST", "malformed request") : error;
  const problem = describeProblem(known, log);
  const { status } = problem;
  return new Response(JSON.stringify(problem), { status, headers: PROBLEM_HEADERS });
}

function listen(server: Server, options: DaemonOptions): Promise<void> {
  const { socketPath, socketMode, socketGid, platform } = options;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(socketError(error, socketPath, platform)));
    server.once("listening", resolve);
    // Node binds before listen() returns, so the mode holds for just the bind.
    platform.withMode(socketMode, () => server.listen(socketPath));
    try {
      // The mode was given to the daemon's own group at first; only now is it the other's.
      if (socketGid !== undefined) chownSync(socketPath, -1, socketGid);
    } catch (error) {
      server.close();
      reject(socketError(error, socketPath, platform));
    }
  });
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections fall idle one by one as their requests end.
  const idle = setInterval(() => server.closeIdleConnections(), 25);
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
