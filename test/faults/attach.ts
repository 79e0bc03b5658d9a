import { spawn } from "node:child_process";

/**
 * Puts strace on a running process, until the end of the block that holds it.
 *
 * @param enter see {@link Place.enter}
 */
export async function attach(
  pid: number,
  options: readonly string[],
  enter: (argv: readonly string[]) => readonly string[] = (argv) => argv,
): Promise<AsyncDisposable> {
  const [program = "", ...args] = enter(["strace", ...options, `--attach=${pid}`]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let text = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      // Said once every thread is held.
      if (text.includes(" attached")) resolve();
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`strace cannot attach: ${text}`)));
  });
  return {
    async [Symbol.asyncDispose]() {
      // It may just have ended with the process that it was on.
      if (child.exitCode === null) child.kill("SIGINT");
      await ended;
    },
  };
}
