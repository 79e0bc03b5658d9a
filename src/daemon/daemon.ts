import { chownSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { AppError } from "../errors.ts";
import type { InheritedSocket } from "./activation.ts";
import type { Platform } from "../platform/platform.ts";
import type { Environment } from "../api/app.ts";
import type { DirectAnswer } from "../api/direct.ts";
import { describeProblem, type FailureLog, PROBLEM_HEADERS } from "../api/problem.ts";
import { COSTS } from "./allowances.ts";
import type { Connections } from "./connections.ts";
import { refuseChunks } from "./cut_off.ts";
import { shareFairly } from "./listener.ts";
import { answerMalformed } from "./malformed.ts";
import { serveAtPipe } from "./pipe.ts";
import { answerRaw, turnAway } from "./raw_answer.ts";
import type { RequestLog } from "./request_log.ts";
import type { SocketAccess } from "./socket_access.ts";
import { claimSocketPath, socketError } from "./socket_path.ts";

export interface DaemonOptions {
  readonly socketPath: string;
  readonly socketAccess: SocketAccess<number>;
  /** A socket that listens at that path already. */
  readonly inherited: InheritedSocket | undefined;
  readonly platform: Platform;
  readonly connections: Connections;
  readonly fetch: (
    request: Request,
    environment: Environment["Bindings"],
  ) => Response | Promise<Response>;
  /** Answers what needs no `fetch`. */
  readonly answerDirectly: DirectAnswer;
  readonly requestLog: RequestLog;
  readonly log: FailureLog;
}

export const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** How late the two above may be noticed. */
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 5_000,
  // Node's own answer to a missing Host is no problem document; the listener's is.
  requireHostHeader: false,
  // A request without a body gets no stream for one, which is a tenth of what a short one costs.
  optimizeEmptyRequests: true,
} as const;

/**
 * Connections that may wait to be accepted. Node accepts one in each round of its event loop, so in a
 * flood an administrator waits for as many rounds as there are connections in the line before him,
 * and a longer line is no less full. Whoever finds it full has to try again (EAGAIN).
 */
const BACKLOG = 128;

/**
 * When nothing has moved on a connection for so long, its end does not read. Events come every second,
 * and nothing that is asked for takes as long.
 */
const STALLED_AFTER_MS = 90_000;

/** How many may wait while nobody accepts, as a new daemon is about to; the system's own limit is less. */
const HELD_BACKLOG = 65_535;

/** For how long idle connections stay at the end. */
const FAREWELL_MS = 250;

/** What is under way at the end gets this long; the promise is to be gone within 5 s. */
const DRAIN_MS = 3_500;

/** A daemon that listens. */
export interface Daemon {
  /** Stops accepting, finishes the requests under way, removes the socket. */
  stop(): Promise<void>;
}

/**
 * Listens on a Unix domain socket, or a named pipe, and answers with `fetch`, telling it who asks.
 *
 * @throws AppError ERR_DAEMON_RUNNING, ERR_SOCKET
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { socketPath, platform, inherited } = options;
  const stopping = new AbortController();
  const server = createHttpServer(options, stopping.signal);
  const { pipes } = platform;
  if (pipes !== undefined) {
    return serveAtPipe(server, { ...options, pipes, stopping, drainMs: DRAIN_MS });
  }
  const lock = inherited === undefined ? await claimSocketPath(socketPath, platform) : undefined;
  await listen(server, options);
  return {
    async stop() {
      stopping.abort();
      if (inherited !== undefined) platform.widenBacklog(inherited.descriptor, HELD_BACKLOG);
      await drain(server);
      lock?.close();
    },
  };
}

function createHttpServer(options: DaemonOptions, stopping: AbortSignal): Server {
  const { connections, platform, fetch, answerDirectly, requestLog, log } = options;
  const listener = getRequestListener(
    (request, bindings) => {
      const { incoming } = bindings as HttpBindings;
      const { socket } = incoming;
      const peerProcess = () => platform.peerProcess(socket);
      const peer = connections.get(socket)?.peer;
      return requestLog.following({ method: request.method, peer }, (traced) => {
        return fetch(request, { peer, peerProcess, request: traced });
      });
    },
    { errorHandler: (error) => requestError(error, { requestLog, log }) },
  );
  const sharing = shareFairly({
    connections,
    answerDirectly: requestLog.watching(answerDirectly),
    listener,
    stopping,
    requestLog,
  });
  const server = createServer(LIMITS, sharing);
  // RFC 9110, section 10.1.1: what else is expected may be ignored; node would answer 417 by itself.
  server.on("checkExpectation", sharing);
  server.timeout = STALLED_AFTER_MS;
  guardConnections(server, options);
  answerMalformed(server, connections, requestLog);
  return server;
}

/**
 * Asks the kernel who connects before anything else sees the connection, as what it says now is what
 * counts; those too many never get as far as HTTP.
 */
function guardConnections(
  server: Server,
  { connections, platform, requestLog }: DaemonOptions,
): void {
  const serve = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket) => {
    const connection = connections.accept(socket);
    if (connection === undefined) {
      const requestId = requestLog.tooManyConnections(() => platform.peerCredentials(socket));
      return turnAway(socket, requestId);
    }
    for (const listener of serve) listener.call(server, socket);
    if (connection.access !== "admin") {
      refuseChunks(socket, () => {
        connection.account.charge(COSTS.undeclaredBody);
        const requestId = requestLog.malformed(connection.peer, 411);
        answerRaw(socket, { error: CHUNKED, status: 411, requestId });
      });
    }
  });
}

const CHUNKED = new AppError("ERR_INVALID_REQUEST", "a body must say how long it is");

/** A request that is HTTP but makes no valid `Request`, such as one with a garbled Host. */
function requestError(
  error: unknown,
  { requestLog, log }: Pick<DaemonOptions, "requestLog" | "log">,
): Response {
  const isTheirs = error instanceof Error && error.name === "RequestError";
  const known = isTheirs ? new AppError("ERR_INVALID_REQUEST", "malformed request") : error;
  const requestId = requestLog.malformed(undefined, isTheirs ? 400 : 500);
  const problem = describeProblem(known, { log, requestId });
  const { status } = problem;
  return new Response(JSON.stringify(problem), { status, headers: PROBLEM_HEADERS });
}

function listen(server: Server, options: DaemonOptions): Promise<void> {
  const { socketPath, inherited, platform } = options;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(socketError(error, socketPath, platform)));
    server.once("listening", resolve);
    if (inherited === undefined) bind(server, options, reject);
    // Whoever connects is told from now on that it is this process that listens.
    else server.listen({ fd: inherited.descriptor, backlog: BACKLOG });
  });
}

function bind(
  server: Server,
  { socketPath, socketAccess: { mode, group }, platform }: DaemonOptions,
  reject: (error: unknown) => void,
): void {
  // Node binds before listen() returns, so the mode holds for just the bind.
  platform.withMode(mode, () => server.listen({ path: socketPath, backlog: BACKLOG }));
  try {
    // The mode was given to the daemon's own group at first; only now is it the other's.
    if (group !== undefined) chownSync(socketPath, -1, group);
  } catch (error) {
    server.close();
    reject(socketError(error, socketPath, platform));
  }
}

/**
 * Whoever keeps a connection gets a moment to learn from an answer that it ends: a request must not
 * cross with the end.
 */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    // Not http's own close(), which ends idle connections at once.
    NetServer.prototype.close.call(server, () => resolve());
  });
  await Promise.race([closed, sleep(FAREWELL_MS)]);
  // Connections fall idle one by one as their requests end.
  const idle = setInterval(() => server.closeIdleConnections(), 25);
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
