import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { environment, kill } from "../support/execute.ts";
import { asUser, RUNTIME, type User } from "../support/users.ts";
import type { Order } from "./kinds.ts";
import { addCounts } from "./tally.ts";

const WORKER = join(import.meta.dirname, "worker.ts");
const READY = "ready\n";

/** Processes of several users that do the same thing to a daemon. */
export interface Crowd extends AsyncDisposable {
  /** Ends them. @returns what has come of all their connections together */
  end(): Promise<Readonly<Record<string, number>>>;
}

/** @returns once all of them are at it */
export async function startCrowd(users: readonly User[], order: Order): Promise<Crowd> {
  const members = await Promise.all(users.map((user) => startMember(user, order)));
  return {
    async end() {
      const sum: Record<string, number> = {};
      for (const counts of await Promise.all(members.map((end) => end()))) addCounts(sum, counts);
      return sum;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((end) => end()));
    },
  };
}

/** @returns how to end it */
async function startMember(
  user: User,
  order: Order,
): Promise<() => Promise<Record<string, number>>> {
  const [program = "", ...args] = asUser(user, [...RUNTIME, WORKER, JSON.stringify(order)]);
  const child = spawn(program, args, { env: environment(), stdio: ["pipe", "pipe", "inherit"] });
  const output = readOutput(child);
  await output.ready;
  let ended: Promise<Record<string, number>> | undefined;
  return () => ended ??= endMember(child, output.all);
}

function readOutput(child: ChildProcess) {
  const ready = Promise.withResolvers<void>();
  const all = Promise.withResolvers<string>();
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (text.startsWith(READY)) ready.resolve();
  });
  child.once("error", ready.reject);
  child.once("close", () => {
    ready.reject(new Error("a member of the crowd has ended"));
    all.resolve(text);
  });
  return { ready: ready.promise, all: all.promise };
}

const END_TIMEOUT_MS = 10_000;

async function endMember(
  child: ChildProcess,
  output: Promise<string>,
): Promise<Record<string, number>> {
  child.stdin?.end();
  const timer = setTimeout(() => kill(child, "SIGKILL"), END_TIMEOUT_MS);
  const text = (await output).slice(READY.length);
  clearTimeout(timer);
  return text === "" ? {} : JSON.parse(text) as Record<string, number>;
}
