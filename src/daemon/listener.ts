import type { RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { DirectAnswer } from "../api/direct.ts";
import type { Account } from "./account.ts";
import { COSTS } from "./allowances.ts";
import type { Connection, Connections } from "./connections.ts";
import { FairTurns } from "./fair_turns.ts";
import { Pipelining } from "./pipelining.ts";
import { requestCost } from "./request_cost.ts";
import type { RequestLog } from "./request_log.ts";
import { refuseLate } from "./too_many_requests.ts";

export interface ListenerOptions {
  readonly connections: Connections;
  /** Answers what needs no `listener`. */
  readonly answerDirectly: DirectAnswer;
  readonly listener: RequestListener;
  /** Aborted once no more requests are wanted. */
  readonly stopping: AbortSignal;
  readonly requestLog: RequestLog;
}

/**
 * Lets everybody have their share: what is more work than to look a key up is begun in turns, and who
 * asks for more than a uid may is refused. Administrators wait for nobody.
 */
export function shareFairly(
  { connections, answerDirectly, listener, stopping, requestLog }: ListenerOptions,
): RequestListener {
  const turns = new FairTurns<Account>();
  const pipelining = new Pipelining((socket: Socket) => {
    const connection = connections.get(socket);
    connection?.account.charge(COSTS.overdonePipelining);
    connections.cutOff++;
    requestLog.cutOff(connection?.peer);
  });
  return function sharing(request, response) {
    const connection = connections.get(request.socket);
    // Only what is accepted is served.
    if (connection === undefined) {
      request.socket.destroy();
      return;
    }
    const { account, access, peer } = connection;
    connection.latest = undefined;
    connections.requests++;
    // The answer says that the connection ends with it, so that nobody sends another request over it.
    if (stopping.aborted) response.shouldKeepAlive = false;
    const isAllowed = account.take(requestCost(request));
    if (isAllowed && answerDirectly(request, response, peer)) return;
    if (!pipelining.admits(request.socket, response)) return;
    remember(connection, response);
    if (!isAllowed) {
      connections.refusedRequests++;
      refuseLate(response, requestLog.tooManyRequests(peer));
    } else if (access === "admin") listener(request, response);
    else {
      turns.wait(account, {
        start: () => listener(request, response),
        isGone: () => request.socket.destroyed,
      });
    }
  };
}

/** Not longer than there may be more of the request: its headers may hold a key. */
function remember(connection: Connection, response: ServerResponse): void {
  connection.latest = response;
  response.once("finish", () => endUnread(response));
  response.once("close", () => {
    if (connection.latest === response && response.req.complete) connection.latest = undefined;
  });
}

/** How long a client may go on sending after it was refused: it may look for the answer only then. */
const UNREAD_BODY_MS = 500;

/** Node would read a body that nobody wants to its end, for as long as a request may take. */
function endUnread({ req }: ServerResponse): void {
  if (req.complete) return;
  setTimeout(() => req.complete || req.socket.destroy(), UNREAD_BODY_MS);
}
