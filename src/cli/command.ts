import type { ApiClient } from "../client/api_client.ts";
import type { Finding } from "../model/finding.ts";
import type { Service } from "../model/service.ts";
import type { Key } from "../protocol/keys.ts";
import type { Variables } from "./effective_setting.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import type { DaemonSettings, TargetSettings } from "./settings.ts";
import type { System } from "./system.ts";

/** Whether somebody wants a command to end: until disposed of, the first signal does not end it. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/** What a command can reach. It never opens a keystore itself. */
export interface CommandContext {
  /** Of this executable. */
  readonly version: string;
  readonly env: Variables;
  readonly system: System;
  connect(settings: TargetSettings): Promise<ApiClient>;
  /**
   * Serves until a signal ends it.
   *
   * @param readSettings reads them anew each time; throws an AppError where they cannot be gone by
   */
  serve(readSettings: () => Promise<DaemonSettings>): Promise<void>;
  /**
   * The daemon as a service of this system.
   *
   * @param configFile undefined for the default one
   */
  service(settings: DaemonSettings, configFile: string | undefined): Promise<Service>;
  /** What is wrong with an installation as far as its files and their surroundings go. */
  examine(settings: DaemonSettings): Promise<readonly Finding[]>;
  /** Standard input; on a terminal one line that does not show, after `prompt`. */
  readSecret(prompt: string): Promise<string>;
  /** Writes all of `text` to standard output, or throws the system's error. */
  print(text: string): void;
  /** Writes one line to standard error. */
  complain(line: string): void;
  /** How wide the terminal is that reads standard output; undefined where none does. */
  terminalColumns(): number | undefined;
  /** Standard error where a terminal reads it; undefined where none does. */
  errorTerminal(): NodeJS.WriteStream | undefined;
  /** From here on Ctrl-C and SIGTERM are told; a second one ends the process at once. */
  onInterrupt(): Promise<Interruption>;
  /** In milliseconds since 1970. */
  now(): number;
}

export interface CommandSpec {
  /** One word, or two for a command of a group: `keystore check`. */
  readonly name: string;
  /**
   * `[alias]`, for a command that takes one argument of that name; `[alias] [new-alias]` for two,
   * `[path...]` for any number, `<file>` for one that has to be there and is not asked for otherwise.
   */
  readonly argument?: string;
  /** What to say in place of repeating an argument, where one might be a secret. */
  readonly noArgument?: string;
  /** What its argument may be, where that is known. */
  readonly choices?: readonly string[];
  /** Whether the alias is that of a key which is yet to be made. */
  readonly makesAlias?: true;
  /** For which keys it makes sense; all unless given. */
  readonly suits?: (key: Key) => boolean;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** @returns the exit status, where that is not 0 */
  readonly run: (args: Arguments, context: CommandContext) => Promise<number | void>;
}
