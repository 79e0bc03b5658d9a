import { spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { COMMAND } from "./command.ts";
import { environment } from "./execute.ts";
import { send } from "./http.ts";

export interface DaemonOptions {
  /** What follows `daemon`. */
  readonly args: readonly string[];
  /** Where the test reaches its socket. */
  readonly socket: string;
  /** Wraps the command line: as another user, under strace, in a namespace. */
  readonly wrap?: (argv: readonly string[]) => readonly string[];
}

/** A running `apikey daemon`, stopped at the end of the block that holds it by `await using`. */
export interface Daemon extends AsyncDisposable {
  /** The daemon's own, not that of a wrapper. */
  readonly pid: number;
  readonly socket: string;
  /** What it has written so far, both streams together. */
  output(): string;
  /** Signals it. */
  signal(signal: NodeJS.Signals): void;
  /** Its exit status; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

const START_TIMEOUT_MS = 30_000;
const POLL_MS = 10;

/** Starts a daemon on a keystore and resolves once it answers. */
export function startDaemon(
  keystore: string,
  socket: string,
  args: readonly string[] = [],
  wrap?: DaemonOptions["wrap"],
): Promise<Daemon> {
  return startDaemonWith({
    args: ["--keystore", keystore, "--socket", socket, ...args],
    socket,
    ...(wrap === undefined ? {} : { wrap }),
  });
}

export async function startDaemonWith(options: DaemonOptions): Promise<Daemon> {
  const { socket } = options;
  const starting = spawnDaemon(options);
  const pid = await readyPid(starting, socket);
  const signal = (name: NodeJS.Signals) => signalProcess(pid, name);
  return {
    ...starting,
    pid,
    socket,
    signal,
    async [Symbol.asyncDispose]() {
      if (!starting.hasEnded()) signal("SIGKILL");
      await starting.ended;
    },
  };
}

/** What can be done with a daemon from its first instant on, whether or not it will ever answer. */
export type StartingDaemon = Pick<Daemon, "output" | "signal" | "ended">;

export function spawnDaemon(
  options: Omit<DaemonOptions, "socket">,
): StartingDaemon & { hasEnded(): boolean } {
  const { args, wrap = (argv) => argv } = options;
  const [program = "", ...rest] = wrap([...COMMAND, "daemon", ...args]);
  const child = spawn(program, rest, { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status));
  });
  return {
    output: () => output,
    signal: (name) => signalProcess(child.pid ?? 0, name),
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
  };
}

/** What a daemon's output says of defects, and whatever is no line of its log. */
export function defectsIn(output: string): string[] {
  const lines = output.split("\n").filter((line) => line !== "");
  return lines.filter((line) => !/^\{"time":"[^"]+","level":"(warn|info|debug)",.*\}$/.test(line));
}

/** The pid that the daemon itself names, once it answers. */
async function readyPid(starting: ReturnType<typeof spawnDaemon>, socket: string): Promise<number> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!starting.hasEnded() && performance.now() < deadline) {
    const answer = await send(socket, { method: "GET", path: "/v1/status" }).catch(() => undefined);
    if (answer?.status === 200) {
      return (JSON.parse(answer.body) as { server: { pid: number } }).server.pid;
    }
    await sleep(POLL_MS);
  }
  starting.signal("SIGKILL");
  throw new Error(`the daemon does not serve: ${starting.output()}`);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
