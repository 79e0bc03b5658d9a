import { spawn } from "node:child_process";
import { environment } from "./execute.ts";

const TIMEOUT_MS = 60_000;

/**
 * Runs a program that has a terminal, script(1)'s, and types `input` there, a carriage return being
 * the Enter key. The program is to end by what is typed.
 *
 * @returns what was on the terminal
 */
export function typeInto(
  command: string,
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const terminal = spawn("script", ["--quiet", "--command", command, "/dev/null"], {
      env: environment({ TERM: "dumb", LC_ALL: "C.UTF-8", ...env }),
      stdio: ["pipe", "pipe", "ignore"],
    });
    let shown = "";
    terminal.stdout.setEncoding("utf8").on("data", (text: string) => shown += text);
    const timer = setTimeout(() => terminal.kill("SIGKILL"), TIMEOUT_MS);
    terminal.once("error", reject);
    terminal.once("close", () => {
      clearTimeout(timer);
      resolve(shown);
    });
    terminal.stdin.on("error", () => undefined);
    // Not its end: that would be the end of the terminal, too.
    terminal.stdin.write(input);
  });
}
