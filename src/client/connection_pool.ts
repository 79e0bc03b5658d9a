import { Agent } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "../errors.ts";
import { connectTrusted } from "./connection.ts";
import { exchange } from "./exchange.ts";
import type { SocketTransportOptions } from "./socket.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

export interface ConnectionPoolOptions extends SocketTransportOptions {
  readonly maxConnections: number;
}

/** More calls than this that wait for a connection are a flood; they fail at once. */
const MAX_WAITING = 10_000;

/** A connection that stays open from one call to the next. */
interface Kept {
  readonly socket: Socket;
  readonly agent: Agent;
  /** Whether it has carried a call: the daemon may be about to close it. */
  isUsed: boolean;
}

interface Waiting {
  readonly resolve: (kept: Kept | undefined) => void;
  readonly reject: (error: AppError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The API over a few connections that are kept, each checked before its first call. Only for calls
 * that do no harm when they arrive twice: one that meets the end of an idle connection is repeated.
 *
 * Not an Agent of Node's for all of them: it can only check a connection by opening it
 * asynchronously, and then it opens more than it may.
 */
export class ConnectionPool implements Transport {
  readonly #options: ConnectionPoolOptions;
  readonly #open = new Set<Socket>();
  readonly #idle: Kept[] = [];
  readonly #waiting: Waiting[] = [];
  /** Those that are open, and those that are about to be. */
  #places: number;
  #isClosed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.#places = options.maxConnections;
  }

  /** @throws AppError as {@link socketTransport} does */
  async send(request: ApiRequest): Promise<ApiResponse> {
    const deadline = performance.now() + this.#options.timeoutMs;
    for (;;) {
      const kept = await this.#take(deadline);
      try {
        return await this.#sendOver(kept, request, deadline);
      } catch (error) {
        // Each turn takes one used connection out of the pool, so there is an end to them.
        if (!kept.isUsed || performance.now() >= deadline || this.#isClosed) throw error;
      }
    }
  }

  /** Ends what is under way, and every later call, with ERR_SOCKET. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.destroy();
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(closedError());
    }
  }

  async #sendOver(kept: Kept, request: ApiRequest, deadline: number): Promise<ApiResponse> {
    const { socket, agent } = kept;
    const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
    try {
      const socketPath = this.#options.path;
      const response = await exchange(request, { socket, agent, timeoutMs, socketPath });
      kept.isUsed = true;
      this.#giveBack(kept);
      return response;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async #take(deadline: number): Promise<Kept> {
    if (this.#isClosed) throw closedError();
    const kept = this.#idle.pop();
    if (kept !== undefined) return kept;
    if (this.#places > 0) {
      this.#places--;
      return await this.#connect(deadline);
    }
    return await this.#wait(deadline) ?? await this.#connect(deadline);
  }

  /** @returns undefined for the permission to open one */
  #wait(deadline: number): Promise<Kept | undefined> {
    return new Promise((resolve, reject) => {
      const text = `the daemon at ${this.#options.path} does not keep up`;
      const busy = new AppError("ERR_SOCKET", text);
      if (this.#waiting.length >= MAX_WAITING) return reject(busy);
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(busy);
      }, Math.max(0, deadline - performance.now()));
      const waiting = { resolve, reject, timer };
      this.#waiting.push(waiting);
    });
  }

  async #connect(deadline: number): Promise<Kept> {
    try {
      const socket = await connectTrusted(this.#options, deadline);
      this.#open.add(socket);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      Object.assign(agent, { createConnection: () => socket });
      const kept = { socket, agent, isUsed: false };
      // Its end is what counts, and follows.
      socket.on("error", () => undefined);
      socket.once("close", () => this.#discard(kept));
      if (socket.destroyed) this.#discard(kept);
      if (this.#isClosed) socket.destroy();
      return kept;
    } catch (error) {
      this.#freePlace();
      throw error;
    }
  }

  #giveBack(kept: Kept): void {
    if (kept.socket.destroyed) return;
    const next = this.#nextWaiting();
    if (next === undefined) this.#idle.push(kept);
    else next.resolve(kept);
  }

  #discard(kept: Kept): void {
    if (!this.#open.delete(kept.socket)) return;
    const index = this.#idle.indexOf(kept);
    if (index >= 0) this.#idle.splice(index, 1);
    kept.agent.destroy();
    this.#freePlace();
  }

  #freePlace(): void {
    const next = this.#nextWaiting();
    if (next === undefined) this.#places++;
    else next.resolve(undefined);
  }

  #nextWaiting(): Waiting | undefined {
    const next = this.#waiting.shift();
    clearTimeout(next?.timer);
    return next;
  }
}

function closedError(): AppError {
  return new AppError("ERR_SOCKET", "the connection to the daemon has been closed");
}
