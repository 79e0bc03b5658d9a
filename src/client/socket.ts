import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { AppError, systemErrorCode } from "../errors.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

export interface SocketTransportOptions {
  readonly path: string;
  /** @throws AppError unless the process that listens behind this connection may be trusted */
  readonly assertTrusted: (socket: Socket) => void;
  readonly timeoutMs: number;
}

/** How far a client reads an answer; 100,000 listed keys take about 20 MB. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

/**
 * The API over a daemon's socket, one connection per call. Nothing is sent before the server at the
 * other end has been checked.
 *
 * Calls throw AppError ERR_DAEMON_UNREACHABLE where nobody listens, ERR_FORBIDDEN where the socket
 * is closed to this user, ERR_SOCKET for other failures.
 */
export function socketTransport(options: SocketTransportOptions): Transport {
  return {
    async send(request) {
      const socket = await connectPatiently(options);
      try {
        options.assertTrusted(socket);
        return await exchange(socket, request, options);
      } finally {
        socket.destroy();
      }
    },
  };
}

/** A full backlog answers EAGAIN; the daemon will get to it. */
async function connectPatiently(options: SocketTransportOptions): Promise<Socket> {
  for (let attempt = 1;; attempt++) {
    try {
      return await connectTo(options);
    } catch (error) {
      const isFull = error instanceof AppError && systemErrorCode(error.cause) === "EAGAIN";
      if (!isFull || attempt === CONNECT_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, CONNECT_RETRY_MS * Math.random()));
    }
  }
}

const CONNECT_ATTEMPTS = 200;
const CONNECT_RETRY_MS = 100;

function connectTo({ path }: SocketTransportOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => reject(connectError(error, path)));
  });
}

function connectError(error: Error, path: string): AppError {
  const options = { cause: error };
  switch (systemErrorCode(error)) {
    case "ENOENT":
    case "ECONNREFUSED":
    case "ENOTDIR":
      return new AppError("ERR_DAEMON_UNREACHABLE", `no daemon listens at ${path}`, options);
    case "EACCES":
    case "EPERM":
      return new AppError("ERR_FORBIDDEN", "administrator privileges are required", options);
    default: {
      const reason = systemErrorCode(error) ?? "unknown";
      return new AppError("ERR_SOCKET", `cannot connect to ${path}: ${reason}`, options);
    }
  }
}

function exchange(
  socket: Socket,
  { method, path, body }: ApiRequest,
  { timeoutMs, path: socketPath }: SocketTransportOptions,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const fail = (reason: string, cause?: Error) => {
      const text = `the daemon at ${socketPath} ${reason}`;
      reject(new AppError("ERR_SOCKET", text, { cause }));
    };
    const headers = {
      Host: "localhost",
      Connection: "close",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    };
    const request: ClientRequest = httpRequest(
      { createConnection: () => socket, method, path, headers },
      (response) => {
        answered = true;
        readBody(response).then(resolve, (error) => fail("broke off its answer", error));
      },
    );
    request.once("error", (error) => fail("closed the connection without an answer", error));
    const timer = setTimeout(() => {
      fail(`does not answer within ${timeoutMs / 1000} s`);
      socket.destroy();
    }, timeoutMs);
    request.once("close", () => {
      clearTimeout(timer);
      // Without effect after an answer; some ends, such as a switch of protocols, come without one.
      if (!answered) fail("closed the connection without an answer");
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
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

/** @returns undefined for an empty text, and for what is not JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
