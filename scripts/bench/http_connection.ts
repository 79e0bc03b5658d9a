import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

const END_OF_HEAD = "\r\n\r\n";
const STATUS = "HTTP/1.1 ".length;

/**
 * A kept-alive HTTP connection over a Unix domain socket that takes next to no time of its own: of
 * an answer it wants its length and its status.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #waiting: PromiseWithResolvers<number>[] = [];
  #received = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    // One octet a character, so that lengths are right.
    socket.setEncoding("latin1").on("data", (text: string) => this.#receive(text));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the daemon has closed the connection")));
  }

  static async open(socketPath: string): Promise<HttpConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect(socketPath, resolve).once("error", reject);
    await promise;
    return new HttpConnection(socket);
  }

  /** Sends a request as {@link encodeRequest} makes it, and resolves to the status of its answer. */
  send(request: string): Promise<number> {
    const answer = Promise.withResolvers<number>();
    this.#waiting.push(answer);
    this.#socket.write(request);
    return answer.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    for (;;) {
      const endOfHead = this.#received.indexOf(END_OF_HEAD);
      if (endOfHead < 0) return;
      const head = this.#received.slice(0, endOfHead);
      const status = Number(head.slice(STATUS, STATUS + 3));
      const length = status === 204 ? 0 : Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
      if (Number.isNaN(length)) return this.#fail(new Error(`an answer without length: ${head}`));
      const end = endOfHead + END_OF_HEAD.length + length;
      if (this.#received.length < end) return;
      this.#received = this.#received.slice(end);
      this.#waiting.shift()?.resolve(status);
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#socket.destroy();
  }
}

/** A request as it goes over the wire. */
export function encodeRequest(method: string, path: string, body?: unknown): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`;
  if (body === undefined) return `${head}\r\n`;
  const json = JSON.stringify(body);
  const length = `Content-Length: ${Buffer.byteLength(json)}\r\n`;
  return `${head}Content-Type: application/json\r\n${length}\r\n${json}`;
}
