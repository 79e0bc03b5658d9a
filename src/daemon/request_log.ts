import type { DirectAnswer } from "../api/direct.ts";
import { splitUrl } from "../api/split_url.ts";
import type { Log, LogFields } from "../model/log.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import { type RequestIds, TracedRequest } from "../model/request_id.ts";

export interface RequestLogOptions {
  readonly log: Log;
  /** Warns of what others can bring about as often as they like. */
  readonly limited: { warn(kind: string, message: string, fields: LogFields): void };
  readonly ids: RequestIds;
  readonly nowMs: () => number;
}

type Peer = PeerCredentials | undefined;
type Answer = Response | Promise<Response>;

/** What the log says of requests; nothing of what they ask, as that may be a key. */
export class RequestLog {
  readonly #options: RequestLogOptions;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /** Has a request answered, and tells of it. */
  following(
    { method, peer }: { readonly method: string; readonly peer: Peer },
    answer: (request: TracedRequest) => Answer,
  ): Answer {
    const { log, ids, nowMs } = this.#options;
    const request = new TracedRequest(ids);
    if (!log.isDebug) return answer(request);
    const startedAtMs = nowMs();
    const response = answer(request);
    void Promise.resolve(response).then(({ status }) => {
      const { path, code, id } = request;
      this.#tell({ method, path, status, code }, { peer, startedAtMs, id });
    }, () => undefined);
    return response;
  }

  /** Tells of the requests that are answered without a promise. */
  watching(answerDirectly: DirectAnswer): DirectAnswer {
    const { log, nowMs, ids } = this.#options;
    return (request, response, peer) => {
      if (!log.isDebug) return answerDirectly(request, response, peer);
      const startedAtMs = nowMs();
      if (!answerDirectly(request, response, peer)) return false;
      // Only a route's own path, to the letter, has a direct answer.
      const [path] = splitUrl(request.url ?? "");
      const { method } = request;
      response.once("finish", () => {
        const facts = { method, path, status: response.statusCode };
        this.#tell(facts, { peer, startedAtMs, id: ids.next() });
      });
      return true;
    };
  }

  /** @returns the id for its answer, as the others do */
  tooManyRequests(peer: Peer): string {
    return this.#refused("too many requests", peer);
  }

  tooManyConnections(identify: () => Peer): string {
    return this.#refused("too many connections", identify());
  }

  /** Whoever sends request after request without reading. */
  cutOff(peer: Peer): void {
    const message = "connection cut off";
    this.#options.limited.warn(message, message, fieldsOf(peer));
  }

  /** What is no request. */
  malformed(peer: Peer, status: number): string {
    const id = this.#options.ids.next();
    this.#options.log.debug("malformed request", { status, ...fieldsOf(peer), requestId: id });
    return id;
  }

  #refused(message: string, peer: Peer): string {
    const id = this.#options.ids.next();
    this.#options.limited.warn(message, message, { ...fieldsOf(peer), requestId: id });
    return id;
  }

  #tell(
    facts: LogFields,
    { peer, startedAtMs, id }: { peer: Peer; startedAtMs: number; id: string },
  ): void {
    const ms = Math.round((this.#options.nowMs() - startedAtMs) * 1_000) / 1_000;
    this.#options.log.debug("request", { ...facts, ms, ...fieldsOf(peer), requestId: id });
  }
}

function fieldsOf(peer: Peer): LogFields {
  return { uid: peer?.uid, pid: peer?.pid };
}
