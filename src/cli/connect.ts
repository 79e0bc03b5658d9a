import type { ApiClient } from "../client/api_client.ts";
import type { CommandContext } from "./command.ts";
import type { Arguments } from "./option.ts";
import { targetSettings } from "./settings.ts";

/**
 * The API of the keystore that a command is about.
 *
 * @throws AppError ERR_USAGE, ERR_CONFIGURATION, and what {@link CommandContext.connect} throws
 */
export async function connect(args: Arguments, context: CommandContext): Promise<ApiClient> {
  return await context.connect(await targetSettings(args, context));
}
