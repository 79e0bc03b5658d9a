import process from "node:process";
import { hasTerminal } from "./reload.ts";

/** Resolves with the first signal that ends a daemon. */
export function stopSignal(): Promise<string> {
  const signals = ["SIGTERM", "SIGINT", ...(hasTerminal() ? ["SIGHUP"] : [])];
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve(signal));
  });
}
