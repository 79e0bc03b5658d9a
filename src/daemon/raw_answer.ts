import type { Duplex } from "node:stream";
import { AppError } from "../errors.ts";
import { describeProblem, PROBLEM_HEADERS } from "../api/problem.ts";

/** Answers a connection that has no request to answer, and closes it. */
export function answerRaw(socket: Duplex, error: AppError, status?: number): void {
  closeWith(socket, encodeAnswer(error, status));
}

const TOO_MANY_CONNECTIONS = encodeAnswer(
  new AppError("ERR_TOO_MANY_CONNECTIONS", "too many connections from one user"),
);

/** The same for a connection too many, as cheaply as can be: there may be thousands of them. */
export function turnAway(socket: Duplex): void {
  // One that has gone already is no defect.
  socket.on("error", () => undefined);
  closeWith(socket, TOO_MANY_CONNECTIONS);
}

function closeWith(socket: Duplex, answer: Uint8Array): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  // A peer that does not read must not keep the connection.
  socket.end(answer, () => socket.destroy());
}

function encodeAnswer(error: AppError, status?: number): Uint8Array {
  const problem = describeProblem(error, () => undefined, status);
  const body = JSON.stringify(problem);
  return Buffer.from(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${
      PROBLEM_HEADERS["Content-Type"]
    }\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
