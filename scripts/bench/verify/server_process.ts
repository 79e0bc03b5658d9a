import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { listening } from "../listening.ts";

/** A server that listens. */
export interface Served {
  readonly socket: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Where a server listens that has this folder to itself. */
export function socketIn(folder: string): string {
  return join(folder, "socket");
}

/** Starts a program that listens on this socket; its standard error is ours. */
export async function serveProgram(
  [file, ...args]: readonly [string, ...string[]],
  socket: string,
): Promise<Served> {
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
  await listening(child, socket, ended).catch((error: Error) => {
    throw new Error(`${[file, ...args].join(" ")}: ${error.message}`);
  });
  return {
    socket,
    pid: child.pid ?? 0,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Starts a server of this folder with the project's own Node: its first argument is the socket. */
export async function serveScript(
  name: string,
  folder: string,
  ...args: readonly string[]
): Promise<Served> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const flags = ["--disable-warning=ExperimentalWarning"];
  const socket = socketIn(folder);
  return await serveProgram([process.execPath, ...flags, script, socket, ...args], socket);
}
