import { type ConnectionOptions, connectTrusted } from "./connection.ts";
import { exchange } from "./exchange.ts";
import type { Transport } from "./transport.ts";

export interface SocketTransportOptions extends ConnectionOptions {
  readonly timeoutMs: number;
}

/**
 * The API over a daemon's socket, one connection per call. Nothing is sent before the server at the
 * other end has been checked.
 *
 * Calls throw AppError ERR_DAEMON_UNREACHABLE where nobody listens, ERR_FORBIDDEN where the socket
 * is closed to this user, ERR_SOCKET for other failures.
 */
export function socketTransport(options: SocketTransportOptions): Transport {
  const { path: socketPath, timeoutMs } = options;
  return {
    async send(request) {
      const socket = await connectTrusted(options);
      try {
        return await exchange(request, { socket, timeoutMs, socketPath });
      } finally {
        socket.destroy();
      }
    },
  };
}
