import { AppError } from "../errors.ts";
import type { Arguments, OptionSpec } from "./option.ts";

/** The environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Which keystore a command means, and which way it goes there. */
export interface TargetSettings {
  /** undefined for the default one */
  readonly keystore: string | undefined;
  /** undefined for the default one */
  readonly socket: string | undefined;
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
}

const PASSWORD_FILE_OPTION: OptionSpec = {
  name: "password-file",
  value: "FILE",
  description: "Read the keystore's password from FILE (APIKEY_PASSWORD_FILE)",
};

const GENERATIONS_OPTION: OptionSpec = {
  name: "generations",
  value: "N",
  description: "Keep the keystore's last N states beside it: 3, or 0 to 99 (APIKEY_GENERATIONS)",
};

const AUDIT_LOG_OPTION: OptionSpec = {
  name: "audit-log",
  value: "LOG",
  description:
    "Record what is done in this file; 'journal', or 'none'; else beside it (APIKEY_AUDIT_LOG)",
};

/** The options of every command that asks for something. */
export const TARGET_OPTIONS: readonly OptionSpec[] = [
  {
    name: "keystore",
    value: "FILE",
    description: "Work on this keystore, without a daemon (APIKEY_KEYSTORE)",
  },
  { name: "socket", value: "PATH", description: "Ask the daemon at this socket (APIKEY_SOCKET)" },
  PASSWORD_FILE_OPTION,
];

/** The options of every command that may change the keystore. */
export const WRITER_OPTIONS: readonly OptionSpec[] = [
  ...TARGET_OPTIONS,
  GENERATIONS_OPTION,
  AUDIT_LOG_OPTION,
];

/** The options of commands that read the audit log. */
export const AUDIT_OPTIONS: readonly OptionSpec[] = [...TARGET_OPTIONS, AUDIT_LOG_OPTION];

export const DAEMON_OPTIONS: readonly OptionSpec[] = [
  { name: "keystore", value: "FILE", description: "Serve this keystore (APIKEY_KEYSTORE)" },
  { name: "socket", value: "PATH", description: "Listen at this path (APIKEY_SOCKET)" },
  {
    name: "socket-mode",
    value: "MODE",
    description:
      "Mode of the socket; else 600, 660 for one group, 666 for two (APIKEY_SOCKET_MODE)",
  },
  {
    name: "socket-group",
    value: "GROUP",
    description: "Group of the socket, by name or gid; else the one below (APIKEY_SOCKET_GROUP)",
  },
  {
    name: "admin-group",
    value: "GROUP",
    description: "Whose members administer keys beside root (APIKEY_ADMIN_GROUP)",
  },
  {
    name: "verifier-group",
    value: "GROUP",
    description: "Whose members may verify keys and nothing else (APIKEY_VERIFIER_GROUP)",
  },
  PASSWORD_FILE_OPTION,
  GENERATIONS_OPTION,
  AUDIT_LOG_OPTION,
];

export const FORCE_OPTION = { name: "force" } as const;

export const JSON_OPTION: OptionSpec = { name: "json", description: "Print JSON" };

/**
 * What a client command is to work on. A flag outweighs a variable; where variables name both ways,
 * the daemon is asked, as they may have been set for the daemon itself.
 *
 * @throws AppError ERR_USAGE when flags name both ways
 */
export function targetSettings(args: Arguments, env: Variables): TargetSettings {
  const flags = { keystore: args.value("keystore"), socket: args.value("socket") };
  if (flags.keystore !== undefined && flags.socket !== undefined) {
    const text = "--keystore works in process and --socket asks a daemon: give one of them";
    throw new AppError("ERR_USAGE", text);
  }
  const variables = { keystore: setting(env, "keystore"), socket: setting(env, "socket") };
  const areFlags = flags.keystore !== undefined || flags.socket !== undefined;
  const { keystore, socket } = areFlags ? flags : variables;
  return {
    keystore: socket === undefined ? keystore : undefined,
    socket,
    passwordFile: args.value("password-file") ?? setting(env, "password-file"),
    generations: parseGenerations(args.value("generations") ?? setting(env, "generations")),
    auditLog: args.value("audit-log") ?? setting(env, "audit-log"),
  };
}

/** @throws AppError ERR_USAGE for a mode that is not octal, and for no number of generations */
export function daemonSettings(args: Arguments, env: Variables): DaemonSettings {
  const value = (name: string) => args.value(name) ?? setting(env, name);
  return {
    keystore: value("keystore"),
    socket: value("socket"),
    passwordFile: value("password-file"),
    generations: parseGenerations(value("generations")),
    auditLog: value("audit-log"),
    socketMode: parseMode(value("socket-mode")),
    socketGroup: value("socket-group"),
    adminGroup: value("admin-group"),
    verifierGroup: value("verifier-group"),
  };
}

/** `--password-file` is `APIKEY_PASSWORD_FILE`; an empty variable counts as none. */
function setting(env: Variables, name: string): string | undefined {
  return env[`APIKEY_${name.toUpperCase().replaceAll("-", "_")}`] || undefined;
}

const DEFAULT_GENERATIONS = 3;

function parseGenerations(text: string | undefined): number {
  if (text === undefined) return DEFAULT_GENERATIONS;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new AppError("ERR_USAGE", `invalid number of generations '${text}': give 0 to 99`);
}

function parseMode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new AppError("ERR_USAGE", `invalid socket mode '${text}': give three octal digits`);
}
