import type { Duplex } from "node:stream";
import type { AppError } from "../errors.ts";
import { describeProblem, PROBLEM_HEADERS } from "../api/problem.ts";

/** Answers a connection that has no request to answer, and closes it. */
export function answerRaw(socket: Duplex, error: AppError, status?: number): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = describeProblem(error, () => undefined, status);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${
      PROBLEM_HEADERS["Content-Type"]
    }\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    // A peer that does not read must not keep the connection.
    () => socket.destroy(),
  );
}
