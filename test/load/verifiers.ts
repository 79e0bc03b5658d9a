import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { environment, kill } from "../support/execute.ts";
import { asUser, RUNTIME, type User } from "../support/users.ts";
import type { Checks } from "./verifier.ts";

const VERIFIER = join(import.meta.dirname, "verifier.ts");

/** Processes that check one key after the other, all of them the same. */
export interface Verifiers extends AsyncDisposable {
  /** @returns how many checks have said no so far, once each of them has heard of the key */
  check(key: string): Promise<number>;
  /** Ends them. @returns what each has to say of each key */
  end(): Promise<Checks[]>;
}

export function startVerifiers(
  users: readonly User[],
  socket: string,
  connections: number,
): Verifiers {
  const members = users.map((user) => startMember(user, JSON.stringify({ socket, connections })));
  return {
    check: async (key) => {
      const counts = await Promise.all(members.map((member) => member.check(key)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    end: async () => (await Promise.all(members.map((member) => member.end()))).flat(),
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

function startMember(user: User, order: string) {
  const [program = "", ...args] = asUser(user, [...RUNTIME, VERIFIER, order]);
  const child = spawn(program, args, { env: environment(), stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  let heard: () => unknown = () => undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    heard();
  });
  const closed = once(child, "close");
  return {
    async check(key: string): Promise<number> {
      text = "";
      const counted = Promise.withResolvers<number>();
      heard = () => text.endsWith("\n") && counted.resolve(Number(text));
      closed.then(() => counted.reject(new Error("a verifier has ended")));
      child.stdin.write(`${key}\n`);
      return await counted.promise;
    },
    async end(): Promise<Checks[]> {
      text = "";
      heard = () => undefined;
      child.stdin.end();
      await closed;
      return JSON.parse(text) as Checks[];
    },
    async stop(): Promise<void> {
      kill(child, "SIGKILL");
      await closed;
    },
  };
}
