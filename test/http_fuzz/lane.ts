import { connect, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { systemErrorCode } from "../../src/errors.ts";
import type { HttpCase } from "./case.ts";

/** What happened on a connection. */
export interface Exchange {
  /** One character an octet. */
  readonly received: string;
  /** `left` by us, `closed` by the daemon; `stuck` if it does not, although there is no more to come. */
  readonly ending: "left" | "closed" | "stuck";
  /** Whether the daemon no longer took what was sent. */
  readonly isBroken: boolean;
}

/** After so long without an octet nothing more is expected of what may not be a request at all. */
const QUIET_MS = 25;
const PATIENCE_MS = 10_000;
const MAX_REPEATS = 3;

/** One connection at a time, on which cases are sent. */
export class Lane {
  readonly #socketPath: string;
  #connection: Connection | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * Who still writes when the answer comes and the daemon closes does not get to read it: such a case
   * is sent again.
   */
  async send(made: HttpCase): Promise<Exchange> {
    for (let attempt = 0;; attempt++) {
      const exchange = await this.#sendOnce(made);
      if (!exchange.isBroken || exchange.received !== "" || attempt === MAX_REPEATS) {
        return exchange;
      }
    }
  }

  async #sendOnce(made: HttpCase): Promise<Exchange> {
    const connection = this.#connection ?? await open(this.#socketPath);
    this.#connection = undefined;
    connection.received = "";
    await this.#write(connection, made);
    const { expectation, delivery } = made;
    if (delivery.then === "reset") return connection.leave();
    if (delivery.then === "half-close") return await connection.halfClose();
    const { most, isCertain, verdicts = [] } = expectation;
    if (isCertain && most !== undefined) {
      await connection.until(() => countAnswers(connection.received) >= most, PATIENCE_MS);
      // Nothing is left of these requests, so the next case may have the connection.
      const isReusable = !connection.isClosed && verdicts.every((verdict) => verdict !== undefined);
      if (isReusable && countAnswers(connection.received) === most) {
        this.#connection = connection;
        return connection.exchange("left");
      }
    } else await connection.untilQuiet();
    return await connection.halfClose();
  }

  async #write(connection: Connection, { bytes, delivery }: HttpCase): Promise<void> {
    for (const piece of delivery.split(bytes)) {
      connection.socket.write(piece);
      await turn();
    }
  }

  close(): void {
    this.#connection?.leave();
  }
}

/** Good enough to wait by. */
function countAnswers(received: string): number {
  let count = 0;
  let at = 0;
  for (;;) {
    const end = received.indexOf("\r\n\r\n", at);
    if (end < 0) return count;
    const length = /content-length: (\d+)$/im.exec(received.slice(at, end))?.[1];
    at = end + 4 + Number(length ?? 0);
    if (received.length < at) return count;
    count++;
  }
}

class Connection {
  readonly socket: Socket;
  received = "";
  isClosed = false;
  #isBroken = false;
  #heard: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.received += text;
      this.#heard();
    });
    socket.once("error", () => this.#isBroken = true);
    socket.once("close", () => {
      this.isClosed = true;
      this.#heard();
    });
  }

  /** Until it is so, the connection is closed or the time is over. */
  async until(isSo: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!this.isClosed && !isSo() && performance.now() < deadline) {
      await this.#next(deadline - performance.now());
    }
  }

  async untilQuiet(): Promise<void> {
    for (let before = -1; !this.isClosed && before !== this.received.length;) {
      before = this.received.length;
      await this.#next(QUIET_MS);
    }
  }

  async halfClose(): Promise<Exchange> {
    if (!this.isClosed) this.socket.end();
    await this.until(() => false, PATIENCE_MS);
    const ending = this.isClosed ? "closed" : "stuck";
    this.socket.destroy();
    return this.exchange(ending);
  }

  leave(): Exchange {
    this.socket.destroy();
    return this.exchange("left");
  }

  exchange(ending: Exchange["ending"]): Exchange {
    return { received: this.received, ending, isBroken: this.#isBroken };
  }

  #next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function open(socketPath: string): Promise<Connection> {
  for (;;) {
    const socket = await tryOpen(socketPath);
    if (socket !== undefined) return new Connection(socket);
    await sleep(2);
  }
}

function tryOpen(socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    // Half-closed is half open.
    const socket = connect({ path: socketPath, allowHalfOpen: false });
    socket.once("connect", () => resolve(socket));
    socket.on("error", (error) => {
      // The line before the daemon is full. Errors of an open connection end in its closing.
      if (systemErrorCode(error) === "EAGAIN") resolve(undefined);
      else reject(error);
    });
  });
}
