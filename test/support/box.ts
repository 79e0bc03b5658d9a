import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { execute, type Outcome } from "./execute.ts";
import { switchTo, type User } from "./users.ts";

/** Where programs are in a Debian, whatever the test's own PATH is. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface BoxRunOptions {
  /** root unless given */
  readonly user?: User;
  /** What it has beside PATH and LANG. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/**
 * A system in namespaces of its own, over a root that stays as it is. All that runs and is mounted
 * there is gone with the block that holds it by `await using`, or else with the test's process.
 */
export interface Box extends AsyncDisposable {
  /** Its first process, as the test sees it. */
  readonly pid: number;
  /** Runs a program in there to its end. */
  run(argv: readonly string[], options?: BoxRunOptions): Promise<Outcome>;
  /** The command line that runs another one in there. */
  enter(argv: readonly string[], user?: User): string[];
  /** Where the test itself finds a path of the inside. */
  path(inside: string): string;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/**
 * @param keeper a shell script's command line that starts an `unshare --fork --kill-child`, prints
 *   its process id, and cleans up at the end of its standard input
 * @param isReady asked until the box can be used
 */
export async function openBox(
  keeper: readonly string[],
  isReady: (box: Box) => Promise<boolean>,
): Promise<Box> {
  const [program = "", ...args] = keeper;
  const env = { ...process.env, PATH: SYSTEM_PATH };
  // In a group of its own: whoever ends all of the test's group gives it the time to clean up.
  const child = spawn(program, args, { env, stdio: "pipe", detached: true });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaints += text);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const close = async () => {
    child.stdin.end();
    await ended;
  };
  const unshare = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    child.once("error", reject);
    child.once("close", () => reject(new Error(`no box: ${complaints}`)));
  });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (isAlive(unshare) && performance.now() < deadline) {
    const pid = childOf(unshare);
    const box = pid === undefined ? undefined : boxOf(pid, close);
    // What is asked may end meanwhile.
    if (box !== undefined && await isReady(box).catch(() => false)) return box;
    await sleep(POLL_MS);
  }
  await close();
  throw new Error(`the box does not start: ${complaints}`);
}

/** Its keeper may ask for its exit status only in the end. */
function isAlive(pid: string): boolean {
  return /^State:\t[^Z]/m.test(readProcess(pid, "status"));
}

function childOf(pid: string): number | undefined {
  const [first] = readProcess(pid, `task/${pid}/children`).split(" ");
  return first ? Number(first) : undefined;
}

function readProcess(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

function boxOf(pid: number, close: () => Promise<void>): Box {
  const enter = (argv: readonly string[], user?: User) => [
    ...["nsenter", "--all", `--target=${pid}`, "--"],
    ...(user === undefined ? [] : switchTo(user)),
    ...argv,
  ];
  return {
    pid,
    run: (argv, { user, env = {}, input } = {}) => {
      const variables = { PATH: SYSTEM_PATH, LANG: "C.UTF-8", ...env };
      const clean = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const command = enter(["env", "--ignore-environment", ...clean, ...argv], user);
      return execute(command, input === undefined ? {} : { input });
    },
    enter,
    path: (inside) => join(`/proc/${pid}/root`, inside),
    [Symbol.asyncDispose]: close,
  };
}
