import type { ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/** Resolves when the socket accepts; a server that takes too long for that is killed. */
export async function listening(
  child: ChildProcess,
  socket: string,
  ended: Promise<unknown>,
): Promise<void> {
  const startedAtMs = Date.now();
  while (!await accepts(socket)) {
    await Promise.race([ended, setTimeout(POLL_MS)]);
    if (child.exitCode !== null) {
      throw new Error(`the server has ended with status ${child.exitCode}`);
    }
    if (Date.now() - startedAtMs > START_TIMEOUT_MS) {
      child.kill("SIGKILL");
      throw new Error("the server does not listen");
    }
  }
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once("connect", () => {
      socket.end();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
