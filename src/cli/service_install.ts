import type { CommandSpec } from "./command.ts";
import { openService, printChange, SERVICE_OPTIONS } from "./service.ts";
import { JSON_OPTION } from "./settings.ts";

export const serviceInstallCommand: CommandSpec = {
  name: "service install",
  summary: "Have the system run the daemon: install it as a service, and start it",
  options: [JSON_OPTION, ...SERVICE_OPTIONS],
  examples: ["apikey service install"],
  async run(args, context) {
    const service = await openService(args, context);
    printChange(await service.install(), args, context);
  },
};
