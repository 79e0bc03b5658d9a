import { spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { environment } from "./execute.ts";
import { connectTo } from "./http.ts";

/** A program that listens, stopped at the end of the block that holds it by `await using`. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  /** What it has logged so far. */
  output(): string;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 10;

/** Starts a program and resolves once it takes connections at `port` of this host. */
export async function startServer(argv: readonly string[], port: number): Promise<Server> {
  const [program = "", ...args] = argv;
  const path = `${process.env["PATH"]}:/usr/sbin:/sbin`;
  const env = environment({ PATH: path, HOME: "/nonexistent" });
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  const pid = child.pid ?? 0;
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (!hasEnded()) process.kill(pid, "SIGTERM");
    const kill = setTimeout(() => process.kill(pid, "SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(kill);
  };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!await takesConnections(port)) {
    if (hasEnded() || performance.now() > deadline) {
      await stop();
      throw new Error(`${argv.join(" ")}: ${output}`);
    }
    await sleep(POLL_MS);
  }
  return { pid, output: () => output, [Symbol.asyncDispose]: stop };
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
