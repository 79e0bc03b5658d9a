import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import type { Allowances } from "../model/allowance.ts";
import type { LogLevel } from "../model/log_level.ts";
import type { Configuration } from "./configuration.ts";
import {
  CONFIG_OPTION,
  type ConfigurationContext,
  type ConfigurationPlace,
  configurationPlace,
  readConfiguration,
} from "./configuration_file.ts";
import { commandSetting, effectiveSetting, fileSetting } from "./effective_setting.ts";
import type { Arguments, OptionSpec } from "./option.ts";
import { ALL_SETTINGS, type Setting, SETTINGS, variableOf } from "./setting_table.ts";
import type { System } from "./system.ts";

/** Which keystore a command means, and which way it goes there. */
export interface TargetSettings {
  /** What a flag or a variable names; undefined for the configured one */
  readonly keystore: string | undefined;
  /** What a flag or a variable names; undefined for the configured one */
  readonly socket: string | undefined;
  /** What the configuration file has in the place of defaults; undefined for the system's. */
  readonly configured: {
    readonly keystore: string | undefined;
    readonly socket: string | undefined;
  };
  readonly passwordFile: string | undefined;
  /** How many earlier states of the keystore to keep beside it. */
  readonly generations: number;
  /** A path, `journal` or `none`; undefined for one beside the keystore. */
  readonly auditLog: string | undefined;
}

export interface DaemonSettings extends TargetSettings {
  /** undefined for one that follows from the groups */
  readonly socketMode: number | undefined;
  readonly socketGroup: string | undefined;
  readonly adminGroup: string | undefined;
  readonly verifierGroup: string | undefined;
  readonly logLevel: LogLevel;
  readonly limits: Allowances;
}

const { keystore, socket, passwordFile, generations, auditLog } = SETTINGS;

/** The options of every command that asks for something. */
export const TARGET_OPTIONS: readonly OptionSpec[] = [
  ...[keystore, socket, passwordFile].map((setting) => optionOf(setting)),
  CONFIG_OPTION,
];

/** The options of every command that may change the keystore. */
export const WRITER_OPTIONS: readonly OptionSpec[] = [
  ...TARGET_OPTIONS,
  ...[generations, auditLog].map((setting) => optionOf(setting)),
];

/** The options of commands that read the audit log. */
export const AUDIT_OPTIONS: readonly OptionSpec[] = [...TARGET_OPTIONS, optionOf(auditLog)];

export const DAEMON_OPTIONS: readonly OptionSpec[] = [
  ...ALL_SETTINGS.filter(({ flag }) => flag !== undefined).map((setting) =>
    optionOf({ ...setting, description: setting.daemonDescription ?? setting.description })
  ),
  CONFIG_OPTION,
];

export const FORCE_OPTION = { name: "force" } as const;

export const JSON_OPTION: OptionSpec = { name: "json", description: "Print JSON" };

function optionOf({ flag = "", kind, description, initial, otherwise }: Setting<unknown>) {
  const fallback = otherwise ?? initial;
  const text = fallback === undefined ? description : `${description}; else ${fallback}`;
  return {
    name: flag,
    value: kind.placeholder,
    ...(kind.choices === undefined ? {} : { choices: kind.choices }),
    description: `${text} (${variableOf(flag)})`,
  };
}

/**
 * What a client command is to work on. A flag outweighs a variable, and that the configuration file;
 * where variables name both ways, the daemon is asked, as they may have been set for the daemon itself.
 *
 * @throws AppError ERR_USAGE when flags name both ways, and for values that are none;
 *   ERR_CONFIGURATION, ERR_FORBIDDEN for a configuration file that cannot be gone by
 */
export async function targetSettings(
  args: Arguments,
  context: ConfigurationContext,
): Promise<TargetSettings> {
  const named = namedTarget(args, context);
  const file = await targetConfiguration(named, args, context);
  return { ...named, ...sharedSettings(args, context, file) };
}

/**
 * What a daemon is to serve; to be asked anew when it is to read its settings anew.
 *
 * @throws AppError as {@link targetSettings} does
 */
export async function daemonSettings(
  args: Arguments,
  context: ConfigurationContext,
): Promise<DaemonSettings> {
  const file = await readConfiguration(configurationPlace(args, context), context.system);
  return daemonSettingsBy(file, args, context);
}

/**
 * The same by what has been read of a configuration file.
 *
 * @throws AppError ERR_USAGE for a flag's or a variable's value that is none
 */
export function daemonSettingsBy(
  file: Configuration | undefined,
  args: Arguments,
  context: ConfigurationContext,
): DaemonSettings {
  const sources = { args, env: context.env, file };
  const value = <T, Initial extends T | undefined>(setting: Setting<T, Initial>) =>
    effectiveSetting(setting, sources).value;
  return {
    ...namedWays(args, context),
    ...sharedSettings(args, context, file),
    socketMode: value(SETTINGS.socketMode),
    socketGroup: value(SETTINGS.socketGroup),
    adminGroup: value(SETTINGS.adminGroup),
    verifierGroup: value(SETTINGS.verifierGroup),
    logLevel: value(SETTINGS.logLevel),
    limits: {
      verifiers: {
        connections: value(SETTINGS.verifierConnections),
        requestsPerSecond: value(SETTINGS.verifierRequests),
      },
      anyone: {
        connections: value(SETTINGS.anyoneConnections),
        requestsPerSecond: value(SETTINGS.anyoneRequests),
      },
    },
  };
}

type Named = Pick<TargetSettings, "keystore" | "socket">;

function sharedSettings(
  args: Arguments,
  { env }: ConfigurationContext,
  file: Configuration | undefined,
): Omit<TargetSettings, keyof Named> {
  const sources = { args, env, file };
  return {
    configured: {
      keystore: fileSetting(keystore, file)?.value,
      socket: fileSetting(socket, file)?.value,
    },
    passwordFile: effectiveSetting(passwordFile, sources).value,
    generations: effectiveSetting(generations, sources).value,
    auditLog: effectiveSetting(auditLog, sources).value,
  };
}

function namedWays(args: Arguments, { env }: Pick<ConfigurationContext, "env">): Named {
  return {
    keystore: commandSetting(keystore, { args, env })?.value,
    socket: commandSetting(socket, { args, env })?.value,
  };
}

/** The one way that a command is told to go, if it is told. */
function namedTarget(args: Arguments, { env }: ConfigurationContext): Named {
  const flags = namedWays(args, { env: {} });
  if (flags.keystore !== undefined && flags.socket !== undefined) {
    const text = "--keystore works in process and --socket asks a daemon: give one of them";
    throw new AppError("ERR_USAGE", text);
  }
  const areFlags = flags.keystore !== undefined || flags.socket !== undefined;
  const named = areFlags ? flags : namedWays(args, { env });
  return named.socket === undefined ? named : { ...named, keystore: undefined };
}

/**
 * The configuration file, as far as a command goes by it. The host's own describes one installation,
 * so it has no say in work on another keystore; and an ordinary user who names what to work on, and
 * cannot mend it, is not kept from that by its mistakes. Root is: what it says may be about this very
 * keystore, such as where to record what is done.
 */
async function targetConfiguration(
  named: Named,
  args: Arguments,
  context: ConfigurationContext,
): Promise<Configuration | undefined> {
  const { system } = context;
  const place = configurationPlace(args, context);
  const isNamed = named.keystore !== undefined || named.socket !== undefined;
  const isOrdinaryUser = system.uid !== 0 || system.isConfined;
  const file = place.isDefault && isNamed && isOrdinaryUser
    ? await unlessUnusable(place, system)
    : await readConfiguration(place, system);
  if (!place.isDefault || named.keystore === undefined) return file;
  const own = fileSetting(keystore, file)?.value ?? system.defaults.keystore;
  return isSameFile(named.keystore, own) ? file : undefined;
}

async function unlessUnusable(
  place: ConfigurationPlace,
  system: System,
): Promise<Configuration | undefined> {
  try {
    return await readConfiguration(place, system);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function isSameFile(one: string, other: string): boolean {
  return resolve(one) === resolve(other) || realPath(one) === realPath(other);
}

/** The path itself where nothing is there. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return resolve(path);
  }
}
