import type { ApiClient } from "../client/api_client.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import type { DaemonSettings, TargetSettings, Variables } from "./settings.ts";

/** What a command can reach. It never opens a keystore itself. */
export interface CommandContext {
  readonly env: Variables;
  connect(settings: TargetSettings): Promise<ApiClient>;
  /** Serves until a signal ends it. */
  serve(settings: DaemonSettings): Promise<void>;
  /** Writes all of `text` to standard output, or throws the system's error. */
  print(text: string): void;
}

export interface CommandSpec {
  /** One word, or two for a command of a group: `keystore check`. */
  readonly name: string;
  /** `[alias]`, for a command that takes one argument of that name. */
  readonly argument?: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** @returns the exit status, where that is not 0 */
  readonly run: (args: Arguments, context: CommandContext) => Promise<number | void>;
}
