import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

const END_OF_HEAD = "\r\n\r\n";
const STATUS = "HTTP/1.1 ".length;
const BUFFER_BYTES = 256 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** Told of every answer to {@link Connection.send}; what it throws fails the connection. */
export type Answered = (connection: Connection, status: number) => void;

/**
 * A kept-alive HTTP connection over a Unix domain socket with one request under way at a time, which
 * makes neither strings nor promises of what comes back: the load must cost less than the server.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #answered: Answered;
  #head: Buffer = NO_BYTES;
  #status = 0;
  /** Of a body whose beginning is here. */
  #missingBytes = 0;

  private constructor(socket: Socket, answered: Answered) {
    this.#socket = socket;
    this.#answered = answered;
  }

  /** @param failed told once, if the server goes away or gives an answer that cannot be read */
  static open(
    path: string,
    answered: Answered,
    failed: (error: Error) => void,
  ): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const callback = (length: number, buffer: Uint8Array) => {
      try {
        connection.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      } catch (error) {
        socket.destroy(error as Error);
      }
      return true;
    };
    const socket = connect({ path, onread: { buffer: Buffer.alloc(BUFFER_BYTES), callback } });
    const connection = new Connection(socket, answered);
    socket.once("connect", () => resolve(connection));
    socket.once("error", (error) => [reject, failed].forEach((tell) => tell(error)));
    socket.once("end", () => failed(new Error("the server has closed a connection")));
    return promise;
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#missingBytes > 0) return this.#receiveBody(bytes.length);
    const received = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const endOfHead = received.indexOf(END_OF_HEAD);
    if (endOfHead < 0) {
      // The next bytes will be read into the same buffer.
      this.#head = Buffer.from(received);
      return;
    }
    this.#head = NO_BYTES;
    this.#status = readStatus(received);
    this.#missingBytes = this.#status === 204 ? 0 : readLength(received, endOfHead);
    this.#receiveBody(received.length - endOfHead - END_OF_HEAD.length);
  }

  #receiveBody(length: number): void {
    this.#missingBytes -= length;
    if (this.#missingBytes < 0) throw new Error("an answer is longer than it says");
    if (this.#missingBytes === 0) this.#answered(this, this.#status);
  }
}

function readStatus(head: Buffer): number {
  const digit = (index: number) => (head[STATUS + index] ?? 0) - 0x30;
  return 100 * digit(0) + 10 * digit(1) + digit(2);
}

function readLength(answer: Buffer, endOfHead: number): number {
  const head = answer.toString("latin1", 0, endOfHead);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without length: ${head}`);
  return Number(length);
}
