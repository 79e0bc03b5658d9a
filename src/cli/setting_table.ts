import { DEFAULT_ALLOWANCES, MAX_CONNECTIONS } from "../model/allowance.ts";
import type { LogLevel } from "../model/log_level.ts";
import {
  FILE,
  GROUP,
  LEVEL,
  LOG,
  MODE,
  numberBetween,
  PATH,
  type ValueKind,
} from "./value_kind.ts";

/** One setting: flag, variable, field of the configuration file, and what is said of it. */
export interface Setting<T, Initial extends T | undefined = T | undefined> {
  /** Its field in the file, with those that it is in: `limits.anyone.connections`. */
  readonly key: string;
  /** Only what has a flag has a variable. */
  readonly flag?: string;
  readonly kind: ValueKind<T>;
  /** What it has where nobody says anything. */
  readonly initial: Initial;
  /** The same in words, where it is no fixed value. */
  readonly otherwise?: string;
  readonly description: string;
  /** What a daemon does with it, where that is something else. */
  readonly daemonDescription?: string;
  /** A value to begin with, as it stands in a file. */
  readonly example: string;
}

const CONNECTIONS = numberBetween(1, MAX_CONNECTIONS);
const REQUESTS = numberBetween(1, 1_000_000);
const { verifiers, anyone } = DEFAULT_ALLOWANCES;

/**
 * All settings there are, in the order in which they are shown. Flags, the schema of the configuration
 * file, `config show` and the documentation are made of this.
 */
export const SETTINGS = {
  keystore: setting({
    key: "keystore",
    flag: "keystore",
    kind: FILE,
    initial: undefined,
    description: "Work on this keystore, without a daemon",
    daemonDescription: "Serve this keystore",
    example: "/var/lib/metricshub/security/metricshub-keystore.p12",
  }),
  socket: setting({
    key: "socket",
    flag: "socket",
    kind: PATH,
    initial: undefined,
    description: "Ask the daemon at this socket",
    daemonDescription: "Listen at this path",
    example: "/run/metricshub/apikey.sock",
  }),
  socketMode: setting({
    key: "socketMode",
    flag: "socket-mode",
    kind: MODE,
    initial: undefined,
    otherwise: "600, 660 for one group, 666 for two",
    description: "Mode of the socket",
    example: "660",
  }),
  socketGroup: setting({
    key: "socketGroup",
    flag: "socket-group",
    kind: GROUP,
    initial: undefined,
    otherwise: "the one group there is below",
    description: "Group of the socket, by name or gid",
    example: "metricshub-apikey",
  }),
  adminGroup: setting({
    key: "adminGroup",
    flag: "admin-group",
    kind: GROUP,
    initial: undefined,
    otherwise: "nobody's",
    description: "Whose members administer keys beside root",
    example: "metricshub-admins",
  }),
  verifierGroup: setting({
    key: "verifierGroup",
    flag: "verifier-group",
    kind: GROUP,
    initial: undefined,
    otherwise: "the service's metricshub-apikey, or nobody's",
    description: "Whose members may verify keys and nothing else",
    example: "metricshub-apikey",
  }),
  passwordFile: setting({
    key: "passwordFile",
    flag: "password-file",
    kind: FILE,
    initial: undefined,
    otherwise: "beside the keystore, or MetricsHub's own",
    description: "Read the keystore's password from FILE",
    example: "/etc/metricshub/keystore.password",
  }),
  generations: setting({
    key: "generations",
    flag: "generations",
    kind: numberBetween(0, 99),
    initial: 3,
    description: "Keep the keystore's last N states beside it, 0 to 99",
    example: "3",
  }),
  auditLog: setting({
    key: "auditLog",
    flag: "audit-log",
    kind: LOG,
    initial: undefined,
    otherwise: "beside the keystore",
    description: "Record what is done in this file, 'journal' or 'none'",
    example: "/var/log/metricshub/apikey-audit.jsonl",
  }),
  logLevel: setting<LogLevel, LogLevel>({
    key: "logLevel",
    flag: "log-level",
    kind: LEVEL,
    initial: "info",
    description: "Log no less than error, warn, info or debug",
    example: "info",
  }),
  verifierConnections: setting({
    key: "limits.verifiers.connections",
    kind: CONNECTIONS,
    initial: verifiers.connections,
    description: "Connections of each user who may verify keys at a time",
    example: String(verifiers.connections),
  }),
  verifierRequests: setting({
    key: "limits.verifiers.requestsPerSecond",
    kind: REQUESTS,
    initial: verifiers.requestsPerSecond,
    description: "Requests of each such user in a second",
    example: String(verifiers.requestsPerSecond),
  }),
  anyoneConnections: setting({
    key: "limits.anyone.connections",
    kind: CONNECTIONS,
    initial: anyone.connections,
    description: "Connections of each user who may do nothing at a time",
    example: String(anyone.connections),
  }),
  anyoneRequests: setting({
    key: "limits.anyone.requestsPerSecond",
    kind: REQUESTS,
    initial: anyone.requestsPerSecond,
    description: "Requests of each such user in a second",
    example: String(anyone.requestsPerSecond),
  }),
} as const;

export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS);

/** `--password-file` is `APIKEY_PASSWORD_FILE`. */
export function variableOf(flag: string): string {
  return `APIKEY_${flag.toUpperCase().replaceAll("-", "_")}`;
}

function setting<T, Initial extends T | undefined>(
  spec: Setting<T, Initial>,
): Setting<T, Initial> {
  return spec;
}
