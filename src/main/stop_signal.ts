import process from "node:process";
import { isatty } from "node:tty";

const STANDARD_ERROR = 2;

/** SIGHUP tells a daemon to read its settings anew, of which there are none, unless it has a terminal. */
export function stopSignal(): Promise<string> {
  const hasTerminal = isatty(STANDARD_ERROR);
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => signal === "SIGHUP" && !hasTerminal || resolve(signal));
    }
  });
}
