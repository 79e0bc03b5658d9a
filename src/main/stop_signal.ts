import process from "node:process";
import type { ServiceControl } from "../platform/platform.ts";
import { hasTerminal } from "./reload.ts";

/** Resolves with the first signal that ends a daemon, or once Windows' service manager wants its end. */
export function stopSignal(control: ServiceControl | undefined): Promise<string> {
  const signals = ["SIGTERM", "SIGINT", ...(hasTerminal() ? ["SIGHUP"] : [])];
  return new Promise((resolve) => {
    control?.stopRequested.then(() => resolve("service stop"));
    for (const signal of signals) process.on(signal, () => resolve(signal));
  });
}
