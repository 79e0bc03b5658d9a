import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { Agent, request } from "node:http";
import process from "node:process";
import { listening } from "./listening.ts";

export interface Reply {
  readonly status: number | undefined;
  readonly body: string;
}

/** A running `apikey daemon` and the way to talk to it. */
export interface Daemon {
  /** The daemon's own, not that of a program that runs it. */
  readonly pid: number;
  readonly socket: string;
  /** What it has written to standard error so far. */
  log(): string;
  send(method: string, path: string, body?: unknown): Promise<Reply>;
  /** SIGTERM, then the exit status. */
  stop(): Promise<number | null>;
}

/** Resolves when the socket accepts; the keystore's password is the built-in one. */
export async function startDaemon(
  [file, ...prefix]: readonly [string, ...string[]],
  keystore: string,
  socket: string,
  ...options: readonly string[]
): Promise<Daemon> {
  const args = ["daemon", "--keystore", keystore, "--socket", socket, ...options];
  const child = spawn(file, [...prefix, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => log += text);
  await listening(child, socket, ended).catch((error: Error) => {
    throw new Error(`${error.message}: ${log}`);
  });
  const agent = new Agent({ keepAlive: true });
  const { status, body } = await exchange(agent, socket, "GET", "/v1/status", undefined);
  if (status !== 200) {
    child.kill("SIGKILL");
    throw new Error(`the daemon does not serve: ${status} ${body}`);
  }
  const { pid } = (JSON.parse(body) as { server: { pid: number } }).server;
  return {
    pid,
    socket,
    log: () => log,
    send: (method, path, body) => exchange(agent, socket, method, path, body),
    stop: () => {
      agent.destroy();
      // Not child.kill(): after that Deno reports the signal, whatever the status.
      if (child.exitCode === null) process.kill(pid, "SIGTERM");
      return ended;
    },
  };
}

function exchange(
  agent: Agent,
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
): Promise<Reply> {
  const json = body === undefined ? "" : JSON.stringify(body);
  const headers: Record<string, string | number> = json
    ? {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(json),
    }
    : {};
  return new Promise((resolve, reject) => {
    request({ socketPath, agent, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, body: text });
      });
    }).on("error", reject).end(json);
  });
}
