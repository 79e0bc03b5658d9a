const END_OF_HEAD = "\r\n\r\n";
const STATUS = "HTTP/1.1 ".length;

/** Finds where the answers on a connection end; wants nothing but their status. */
export class AnswerReader {
  readonly #take: (status: number, head: string) => void;
  #received = "";

  constructor(take: (status: number, head: string) => void) {
    this.#take = take;
  }

  receive(chunk: Uint8Array | string): void {
    // One octet a character, so that lengths are right.
    this.#received += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1");
    for (;;) {
      const endOfHead = this.#received.indexOf(END_OF_HEAD);
      if (endOfHead < 0) return;
      const head = this.#received.slice(0, endOfHead);
      const status = Number(head.slice(STATUS, STATUS + 3));
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const end = endOfHead + END_OF_HEAD.length + length;
      if (this.#received.length < end) return;
      this.#received = this.#received.slice(end);
      this.#take(status, head);
    }
  }
}
