import type { CommandSpec } from "./command.ts";
import { openService, printChange, SERVICE_OPTIONS } from "./service.ts";
import { JSON_OPTION } from "./settings.ts";

export const serviceUninstallCommand: CommandSpec = {
  name: "service uninstall",
  summary: "Stop the service and take away what was installed; the keystore stays",
  options: [JSON_OPTION, ...SERVICE_OPTIONS],
  examples: ["apikey service uninstall"],
  async run(args, context) {
    const service = await openService(args, context);
    printChange(await service.uninstall(), args, context);
  },
};
