import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { systemErrorCode } from "../../src/errors.ts";

/** A connection whose errors hurt nobody. */
export function open(socketPath: string): Socket {
  return connect(socketPath).on("error", () => undefined);
}

/** @returns an open connection, however long the queue before the daemon is */
export async function opened(socketPath: string): Promise<Socket> {
  for (;;) {
    const socket = await tryOpen(socketPath);
    if (socket !== undefined) return socket;
    await sleep(5);
  }
}

function tryOpen(socketPath: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => resolve(socket));
    socket.on("error", (error) => {
      if (systemErrorCode(error) === "EAGAIN") resolve(undefined);
      else reject(error);
    });
  });
}

/** Resolves with the end of a connection, however it comes. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}
