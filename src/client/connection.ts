import { connect, type Socket } from "node:net";
import { AppError, systemErrorCode } from "../errors.ts";

export interface ConnectionOptions {
  readonly path: string;
  /** Opens a connection where `node:net` is not to do that itself. */
  readonly open?: ((path: string) => Socket) | undefined;
  /** @throws AppError unless the process that listens behind this connection may be trusted */
  readonly assertTrusted: (socket: Socket) => void;
}

/**
 * A connection to a daemon's socket whose other end has been checked, before anything is sent.
 *
 * @param deadline by `performance`, for a daemon that is too busy to accept
 * @throws AppError ERR_DAEMON_UNREACHABLE where nobody listens, ERR_FORBIDDEN where the socket is
 *   closed to this user, ERR_SOCKET for other failures, and what `assertTrusted` throws
 */
export async function connectTrusted(
  options: ConnectionOptions,
  deadline = performance.now() + CONNECT_WITHIN_MS,
): Promise<Socket> {
  const socket = await connectPatiently(options, deadline);
  try {
    options.assertTrusted(socket);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A full backlog answers EAGAIN; the daemon will get to it. */
async function connectPatiently(
  { path, open }: ConnectionOptions,
  deadline: number,
): Promise<Socket> {
  for (;;) {
    try {
      return open === undefined ? await connectTo(path) : openAt(path, open);
    } catch (error) {
      const isFull = error instanceof AppError && systemErrorCode(error.cause) === "EAGAIN";
      if (!isFull || performance.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, CONNECT_RETRY_MS * Math.random()));
    }
  }
}

const CONNECT_WITHIN_MS = 10_000;
/** In a flood a place in the backlog is free for a moment only, so trying often is what gets one. */
const CONNECT_RETRY_MS = 10;

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => reject(connectError(error, path)));
  });
}

function openAt(path: string, open: (path: string) => Socket): Socket {
  try {
    return open(path);
  } catch (error) {
    throw error instanceof Error ? connectError(error, path) : error;
  }
}

function closedText(path: string): string {
  return `administrator privileges are required, or membership in the group that ${path} is open to`;
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
      return new AppError("ERR_FORBIDDEN", closedText(path), options);
    default: {
      const reason = systemErrorCode(error) ?? "unknown";
      return new AppError("ERR_SOCKET", `cannot connect to ${path}: ${reason}`, options);
    }
  }
}
