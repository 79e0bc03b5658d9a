import type { CommandSpec } from "./command.ts";
import { DAEMON_OPTIONS, daemonSettings } from "./settings.ts";

export const daemonCommand: CommandSpec = {
  name: "daemon",
  summary: "Serve the keystore to this host's administrators until stopped",
  options: DAEMON_OPTIONS,
  examples: [
    "apikey daemon",
    "apikey daemon --socket-group metricshub --admin-group metricshub",
    "apikey daemon --keystore ./keystore.p12 --socket ./apikey.sock",
  ],
  run: (args, context) => context.serve(() => daemonSettings(args, context)),
};
