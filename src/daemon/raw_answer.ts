import type { Duplex } from "node:stream";
import { AppError } from "../errors.ts";
import { describeProblem, PROBLEM_HEADERS } from "../api/problem.ts";

export interface RawAnswer {
  readonly error: AppError;
  readonly requestId: string;
  /** In place of the error's own. */
  readonly status?: number;
}

/** Answers a connection that has no request to answer, and closes it. */
export function answerRaw(socket: Duplex, answer: RawAnswer): void {
  closeWith(socket, encodeAnswer(answer));
}

const TOO_MANY_CONNECTIONS = new AppError(
  "ERR_TOO_MANY_CONNECTIONS",
  "too many connections from one user",
);

/** The same for a connection too many. */
export function turnAway(socket: Duplex, requestId: string): void {
  // One that has gone already is no defect.
  socket.on("error", () => undefined);
  closeWith(socket, encodeAnswer({ error: TOO_MANY_CONNECTIONS, requestId }));
}

function closeWith(socket: Duplex, answer: Uint8Array): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  // A peer that does not read must not keep the connection.
  socket.end(answer, () => socket.destroy());
}

function encodeAnswer({ error, ...rest }: RawAnswer): Uint8Array {
  const problem = describeProblem(error, { log: () => undefined, ...rest });
  const body = JSON.stringify(problem);
  return Buffer.from(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${
      PROBLEM_HEADERS["Content-Type"]
    }\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
