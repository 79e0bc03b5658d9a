import process from "node:process";
import type { Interruption } from "../cli/command.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Hears of the first of these signals; the next one ends the process at once, as ever. */
export function watchInterruption(): Interruption {
  const controller = new AbortController();
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  };
  const interrupt = () => {
    stop();
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  return { signal: controller.signal, [Symbol.dispose]: stop };
}
