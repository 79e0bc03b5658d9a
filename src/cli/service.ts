import { resolve } from "node:path";
import type { Service, ServiceChange } from "../model/service.ts";
import type { CommandContext } from "./command.ts";
import { CONFIG_OPTION, configurationPlace } from "./configuration_file.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import type { ServiceChangeOutput } from "./output_schemas.ts";
import { daemonSettings } from "./settings.ts";

export const SERVICE_OPTIONS: readonly OptionSpec[] = [CONFIG_OPTION];

/**
 * The daemon as a service of this system, by the configuration file alone: none of the variables of
 * whoever installs it will be there when it runs.
 *
 * @throws AppError as {@link daemonSettings} does
 */
export async function openService(
  args: Arguments,
  { system, service }: CommandContext,
): Promise<Service> {
  const context = { env: {}, system };
  const settings = await daemonSettings(args, context);
  const { path, isDefault } = configurationPlace(args, context);
  return await service(settings, isDefault ? undefined : resolve(path));
}

export function printChange(
  { changed, steps }: ServiceChange,
  args: Arguments,
  { print }: Pick<CommandContext, "print">,
): void {
  const output: ServiceChangeOutput = { changed, steps: [...steps] };
  print(
    args.isSet("json") ? `${JSON.stringify(output)}\n` : steps.map((step) => `${step}\n`).join(""),
  );
}
