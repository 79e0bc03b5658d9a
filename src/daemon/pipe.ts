import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { NamedPipes } from "../platform/platform.ts";
import type { Connections } from "./connections.ts";

export interface PipeOptions {
  readonly socketPath: string;
  readonly pipes: NamedPipes;
  readonly connections: Pick<Connections, "open">;
  /** How long requests under way may take at the end. */
  readonly drainMs: number;
  /** Is aborted when the end begins. */
  readonly stopping: AbortController;
}

const POLL_MS = 25;

/** Gives a server connections that it has not accepted itself, which it so does not count either. */
export function serveAtPipe(server: Server, options: PipeOptions) {
  const { socketPath, pipes, connections, stopping, drainMs } = options;
  const listener = pipes.listen(socketPath, (socket) => server.emit("connection", socket));
  // With that it begins to watch over how long its connections take, and which are idle.
  server.emit("listening");
  return {
    async stop() {
      stopping.abort();
      await listener.close();
      const deadline = performance.now() + drainMs;
      while (connections.open > 0 && performance.now() < deadline) {
        server.closeIdleConnections();
        await sleep(POLL_MS);
      }
      server.closeAllConnections();
      server.close();
    },
  };
}
