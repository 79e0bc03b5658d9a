import { type Agent, type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { AppError } from "../errors.ts";
import { parseJson } from "./parse_json.ts";
import type { ApiRequest, ApiResponse } from "./transport.ts";

export interface ExchangeOptions {
  readonly socket: Socket;
  /** Keeps the socket for further exchanges; without one it is good for this one only. */
  readonly agent?: Agent;
  readonly timeoutMs: number;
  /** For messages. */
  readonly socketPath: string;
}

/** How far a client reads an answer; 100,000 listed keys take about 20 MB. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

/**
 * One request and its answer over a connection.
 *
 * @throws AppError ERR_SOCKET; the connection is of no more use then
 */
export async function exchange(
  { method, path, body }: ApiRequest,
  { socket, agent, timeoutMs, socketPath }: ExchangeOptions,
): Promise<ApiResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
  let answered = false;
  const fail = (reason: string, cause?: Error) => {
    const text = `the daemon at ${socketPath} ${reason}`;
    reject(new AppError("ERR_SOCKET", text, { cause }));
  };
  const closed = () => {
    if (!answered) fail("closed the connection without an answer");
  };
  const headers = {
    Host: "localhost",
    ...(agent === undefined ? { Connection: "close" } : {}),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
  const way = agent === undefined ? { createConnection: () => socket } : { agent };
  const request = httpRequest({ ...way, method, path, headers }, (response) => {
    answered = true;
    readBody(response).then(resolve, (error) => fail("broke off its answer", error));
  });
  request.once("error", (error) => fail("closed the connection without an answer", error));
  // Without effect after an answer; some ends, such as a switch of protocols, come without one.
  request.once("close", closed);
  // A request over a connection that has gone meanwhile ends in no event of its own.
  socket.once("close", closed);
  if (socket.destroyed) closed();
  const timer = setTimeout(() => {
    fail(`does not answer within ${timeoutMs / 1000} s`);
    socket.destroy();
  }, timeoutMs);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.off("close", closed);
  }
}

async function readBody(response: IncomingMessage): Promise<ApiResponse> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES) throw new Error("endless answer");
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return { status: response.statusCode ?? 0, body: parseJson(text) };
}
