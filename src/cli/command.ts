import type { ApiClient } from "../client/api_client.ts";
import type { DaemonSettings, TargetSettings } from "./settings.ts";

/** One option as it is parsed, explained in `--help` and suggested after a typo. */
export interface OptionSpec {
  readonly name: string;
  /** What stands for its value in `--help`; an option without takes none. */
  readonly value?: string;
  readonly description: string;
}

export interface Arguments {
  readonly positionals: readonly string[];
  /** An option's value, exactly as it was typed. */
  value(name: string): string | undefined;
  isSet(name: string): boolean;
}

/** What a command can reach. It never opens a keystore itself. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  connect(settings: TargetSettings): Promise<ApiClient>;
  /** Serves until a signal ends it. */
  serve(settings: DaemonSettings): Promise<void>;
  /** Writes all of `text` to standard output, or throws the system's error. */
  print(text: string): void;
}

export interface CommandSpec {
  readonly name: string;
  /** `[alias]`, for a command that takes one argument of that name. */
  readonly argument?: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  readonly run: (args: Arguments, context: CommandContext) => Promise<void>;
}
