import type { IncomingMessage, ServerResponse } from "node:http";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import { accessOf, type AccessPolicy, admits } from "./access.ts";
import { announcesBody, rawHeader } from "./raw_headers.ts";
import { splitUrl } from "./split_url.ts";
import type { Reply } from "./operation.ts";
import { parseQuery } from "./parse.ts";
import { NO_STORE, type Route } from "./route.ts";

/** @returns false where it has not answered, and everything is still to be done */
export type DirectAnswer = (
  request: IncomingMessage,
  response: ServerResponse,
  peer: PeerCredentials | undefined,
) => boolean;

/**
 * Answers what has an answer at once on node:http alone: building fetch's `Request` and `Response`
 * would take several times as long as to check a key. What is not as simple as it should be, every
 * refusal among it, is left to the app, so there is one place that says no.
 */
export function answerDirectly(routes: readonly Route[], policy: AccessPolicy): DirectAnswer {
  const direct = new Map<string, Route>();
  const outbox = new Outbox();
  for (const route of routes) if (route.respondNow) direct.set(route.path, route);
  return function answeringDirectly(request, response, peer) {
    const [path, query] = splitUrl(request.url ?? "");
    const route = direct.get(path);
    // Node gives a response its socket when it is its turn; others have to wait in line.
    if (route?.respondNow === undefined || response.socket === null) return false;
    if (request.method !== route.method || announcesBody(request.rawHeaders)) return false;
    if (!admits(route.access, accessOf(peer, policy))) return false;
    const reply = replyOf(route, request.rawHeaders, query, peer);
    if (reply === undefined || reply.body !== undefined || reply.text !== undefined) return false;
    outbox.send(response, reply);
    return true;
  };
}

function replyOf(
  route: Route,
  rawHeaders: readonly string[],
  query: string,
  peer: PeerCredentials | undefined,
): Reply | undefined {
  try {
    return route.respondNow?.({
      peer,
      query: route.query && parseQuery(route.query, query),
      header: (name) => rawHeader(rawHeaders, name),
    });
  } catch {
    // The app will meet the same, and knows how to say it.
    return undefined;
  }
}

/**
 * Sends the answers to all requests that have been read in one round of the event loop at its end.
 * To wake a process that waits for an answer costs as much as to work one out; the answers that
 * follow at once find it awake.
 */
class Outbox {
  #waiting: { readonly response: ServerResponse; readonly reply: Reply }[] = [];

  send(response: ServerResponse, reply: Reply): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push({ response, reply });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { response, reply } of waiting) {
      response.writeHead(reply.status, rawHeadersOf(reply));
      response.end();
    }
  }
}

/** All headers as node writes them. */
function rawHeadersOf({ headers = {} }: Reply): string[] {
  const raw = ["Cache-Control", NO_STORE["Cache-Control"]];
  for (const name in headers) raw.push(name, headers[name] ?? "");
  return raw;
}
