import type { Server } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "../errors.ts";
import type { Connections } from "./connections.ts";
import { answerRaw } from "./raw_answer.ts";
import type { RequestLog } from "./request_log.ts";

/** Answers what never gets as far as a listener with problem documents, where node has its own. */
export function answerMalformed(
  server: Server,
  connections: Connections,
  requestLog: RequestLog,
): void {
  server.on("clientError", (error, socket) => {
    if (isAnswered(connections, socket as Socket)) {
      socket.destroy();
      return;
    }
    const [status, text] = CLIENT_ERRORS[(error as NodeJS.ErrnoException).code ?? ""] ??
      [400, "malformed request"];
    const invalid = new AppError("ERR_INVALID_REQUEST", text);
    const requestId = requestLog.malformed(connections.get(socket as Socket)?.peer, status);
    answerRaw(socket, { error: invalid, status, requestId });
  });
}

const CLIENT_ERRORS: Readonly<Record<string, [status: number, text: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request took too long"],
  HPE_HEADER_OVERFLOW: [431, "the headers are too large"],
};

/**
 * Whether the malformed octets belong to a request that has its answer already, as where a body was
 * refused unread: another one would be taken for the answer to the next request.
 */
function isAnswered(connections: Connections, socket: Socket): boolean {
  const latest = connections.get(socket)?.latest;
  if (!latest?.headersSent) return false;
  return !latest.req.complete || !latest.writableFinished;
}
