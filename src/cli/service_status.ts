import type { ServiceUnit } from "../model/service.ts";
import { printable } from "../model/printable.ts";
import type { CommandSpec } from "./command.ts";
import type { ServiceStatusOutput } from "./output_schemas.ts";
import { openService, SERVICE_OPTIONS } from "./service.ts";
import { JSON_OPTION } from "./settings.ts";

const NOT_RUNNING_STATUS = 1;

export const serviceStatusCommand: CommandSpec = {
  name: "service status",
  summary: "Show whether the service is installed, started with the system, and running",
  options: [JSON_OPTION, ...SERVICE_OPTIONS],
  examples: ["apikey service status", "apikey service status --json"],
  async run(args, context) {
    const units = await (await openService(args, context)).units();
    const isRunning = units.every(({ isActive }) => isActive);
    const output: ServiceStatusOutput = { isRunning, units: [...units] };
    const text = args.isSet("json") ? `${JSON.stringify(output)}\n` : units.map(describe).join("");
    context.print(text);
    return isRunning ? 0 : NOT_RUNNING_STATUS;
  },
};

function describe({ name, path, isEnabled, state, status }: ServiceUnit): string {
  const text = path === null
    ? "not installed: apikey service install"
    : `${state}, ${isEnabled ? "starts" : "does not start"} with the system`;
  return `${name.padEnd(NAME_COLUMNS)} ${text}${status === null ? "" : `: ${printable(status)}`}\n`;
}

const NAME_COLUMNS = "metricshub-apikey.service".length;
