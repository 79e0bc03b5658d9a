import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorCode, ERRORS } from "../errors.ts";
import { type Problem, PROBLEM_MEDIA_TYPE } from "../protocol/problem.ts";

/** Answers a connection that has no request to answer, and closes it. */
export function answerRaw(
  socket: Duplex,
  code: ErrorCode,
  detail: string,
  status: number = ERRORS[code].httpStatus,
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const title = STATUS_CODES[status] ?? "Error";
  const problem: Problem = { title, status, code, detail };
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    // A peer that does not read must not keep the connection.
    () => socket.destroy(),
  );
}
