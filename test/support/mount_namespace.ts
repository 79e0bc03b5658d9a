import { spawn } from "node:child_process";
import { join } from "node:path";

/** File systems that only those who enter see; gone with the block that holds it. */
export interface MountNamespace extends AsyncDisposable {
  /** The command line that runs another one in there. */
  enter(argv: readonly string[]): string[];
  /** Where the test itself finds a path of the inside. */
  outside(path: string): string;
}

/**
 * Runs a shell script in a mount namespace of its own, and keeps that.
 *
 * @param args the script's `$1`, `$2`, …
 */
export async function mountNamespace(
  script: string,
  ...args: readonly string[]
): Promise<MountNamespace> {
  const shell = ["sh", "-ec", `${script}\necho ready\nexec cat`, "sh", ...args];
  const child = spawn("unshare", ["--mount", ...shell], { stdio: ["pipe", "pipe", "inherit"] });
  const { pid, stdin, stdout } = child;
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    stdout.once("data", () => resolve());
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`cannot set up file systems: ${script}`)));
  });
  await ready;
  return {
    enter: (argv) => ["nsenter", `--target=${pid}`, "--mount", "--", ...argv],
    outside: (path) => join(`/proc/${pid}/root`, path),
    async [Symbol.asyncDispose]() {
      stdin.end();
      await ended;
    },
  };
}
