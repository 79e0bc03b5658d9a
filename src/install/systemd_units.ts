import { dirname } from "node:path";
import { AppError } from "../errors.ts";
import { isPrintable, printable } from "../model/printable.ts";

/** What the units depend on. */
export interface UnitSettings {
  /** The absolute path of the executable. */
  readonly executable: string;
  /** undefined for the default one */
  readonly configFile: string | undefined;
  readonly socket: {
    readonly path: string;
    readonly mode: number;
    /** By name or number; undefined for root's. */
    readonly group: string | undefined;
  };
  /**
   * Whose process serves. The service's own user has its keystore in the folder that systemd makes for
   * its state; a keystore that is somewhere else, as that of an installed MetricsHub, stays its owner's.
   */
  readonly user: "own" | { readonly uid: number };
  /** Folders that the service writes to, besides that of its state. */
  readonly writableFolders: readonly string[];
  /** What else it reads. */
  readonly readablePaths: readonly string[];
}

/** The service's own user, and the group whose members may check keys. */
export const SERVICE_NAME = "metricshub-apikey";

/** Relative to /var/lib, of the default keystore. */
export const STATE_FOLDER = "metricshub/security";

/** What the service takes for the file system's root. */
export const ROOT_FOLDER = "/run/metricshub-apikey";

/** Where the socket is, unless the settings name another folder, which is whoever's it was before. */
export const SOCKET_FOLDER = "/run/metricshub";

/** Where the documentation of the service is. */
const DAEMON_PAGE = "man:apikey-daemon(8)";

const DESCRIPTION = "API keys of MetricsHub";

export function socketUnit({ socket: { path, mode, group } }: UnitSettings): string {
  return unit({
    Unit: [["Description", `${DESCRIPTION}: socket`], ["Documentation", DAEMON_PAGE]],
    Socket: [
      ["ListenStream", unquoted(path)],
      ["FileDescriptorName", "apikey"],
      ["SocketMode", mode.toString(8).padStart(4, "0")],
      ...(group === undefined ? [] : [["SocketGroup", unquoted(group)] as const]),
      ["DirectoryMode", "0755"],
      // What arrives while the service is started anew waits here.
      ["Backlog", "4096"],
      ["RemoveOnStop", "yes"],
    ],
    Install: [["WantedBy", "sockets.target"]],
  });
}

export function serviceUnit(settings: UnitSettings): string {
  const { executable, configFile } = settings;
  const config = configFile === undefined ? "" : ` --config ${commandWord(configFile)}`;
  return unit({
    Unit: [
      ["Description", DESCRIPTION],
      ["Documentation", DAEMON_PAGE],
      ["Requires", `${SERVICE_NAME}.socket`],
      ["After", `${SERVICE_NAME}.socket`],
      ["After", "local-fs.target nss-user-lookup.target time-set.target"],
      // A keystore that cannot be served now may be mended while it tries.
      ["StartLimitIntervalSec", "0"],
    ],
    Service: [
      ["Type", "notify"],
      ["NotifyAccess", "main"],
      ["ExecStart", `${commandWord(executable)} daemon${config}`],
      // Small systems have no kill(1), but every shell has its own.
      ["ExecReload", "/bin/sh -c 'kill -HUP $MAINPID'"],
      ["Restart", "on-failure"],
      ["RestartSec", "1s"],
      ["TimeoutStartSec", "60s"],
      ["TimeoutStopSec", "15s"],
      ["WatchdogSec", "20s"],
      // From /etc/credstore.encrypted, where there is one. A plain one beside it cannot be had: of two
      // lines for one credential the last counts, and this finds the other's file, too.
      ["LoadCredentialEncrypted", "keystore-password"],
      ["UnsetEnvironment", "NODE_OPTIONS NODE_V8_COVERAGE OPENSSL_CONF SSLKEYLOGFILE"],
      ...identity(settings),
      ...fileSystem(settings),
      ...HARDENING,
    ],
    Install: [["WantedBy", "multi-user.target"]],
  });
}

/** sysusers.d(5): where the service is another user's there is still the group. */
export function sysusersFile({ user }: UnitSettings): string {
  return user === "own"
    ? `u ${SERVICE_NAME} - "${DESCRIPTION}" /var/lib/${STATE_FOLDER} -\n`
    : `g ${SERVICE_NAME} - -\n`;
}

/**
 * tmpfiles.d(5): the folder of the socket, where whoever may connect may enter. One that the settings
 * name is made where it is not there, and stays as it is where it is: it may be `/run` or `/tmp`.
 */
export function tmpfilesFile({ socket }: UnitSettings): string {
  const folder = dirname(socket.path);
  const rights = folder === SOCKET_FOLDER ? ROOTS : "- - -";
  return `d ${quote(folder)} ${rights} -\nd ${ROOT_FOLDER} ${ROOTS} -\n`;
}

const ROOTS = "0755 root root";

type Line = readonly [name: string, value: string];

function identity({ user }: UnitSettings): Line[] {
  if (user !== "own") return [["User", String(user.uid)]];
  return [
    ["User", SERVICE_NAME],
    ["Group", SERVICE_NAME],
    ["StateDirectory", STATE_FOLDER],
    ["StateDirectoryMode", "0700"],
  ];
}

/** Nothing of the file system is there but the system's own files, and what the service is about. */
function fileSystem({ socket, writableFolders, readablePaths }: UnitSettings): Line[] {
  const readable = [...readablePaths, dirname(socket.path)];
  return [
    ["RootDirectory", ROOT_FOLDER],
    ["MountAPIVFS", "yes"],
    ["BindReadOnlyPaths", "/usr /etc -/bin -/lib -/lib64"],
    // Groups of name services are asked through sockets, and the journal takes records by one.
    ["BindReadOnlyPaths", "-/var/lib/sss/pipes -/run/nscd -/run/systemd/journal"],
    ["BindReadOnlyPaths", readable.map(quote).join(" ")],
    ...writableFolders.map((folder) => ["BindPaths", quote(folder)] as const),
  ];
}

/**
 * All that systemd can take away, but for what V8 needs (memory that is written and then run), and
 * what this service is for: PrivateUsers= would hide from it who connects, ProtectProc= what runs
 * there.
 */
const HARDENING: readonly Line[] = [
  ["UMask", "0077"],
  ["LimitCORE", "0"],
  ["LimitNOFILE", "16384"],
  ["TasksMax", "64"],
  ["CapabilityBoundingSet", ""],
  ["AmbientCapabilities", ""],
  ["NoNewPrivileges", "yes"],
  ["ProtectSystem", "strict"],
  ["ProtectHome", "yes"],
  ["PrivateTmp", "yes"],
  ["PrivateMounts", "yes"],
  ["PrivateDevices", "yes"],
  ["PrivateNetwork", "yes"],
  ["PrivateIPC", "yes"],
  ["ProcSubset", "pid"],
  ["ProtectClock", "yes"],
  ["ProtectControlGroups", "yes"],
  ["ProtectHostname", "yes"],
  ["ProtectKernelLogs", "yes"],
  ["ProtectKernelModules", "yes"],
  ["ProtectKernelTunables", "yes"],
  ["RestrictAddressFamilies", "AF_UNIX"],
  ["RestrictNamespaces", "yes"],
  ["RestrictRealtime", "yes"],
  ["RestrictSUIDSGID", "yes"],
  ["LockPersonality", "yes"],
  ["RemoveIPC", "yes"],
  ["KeyringMode", "private"],
  ["IPAddressDeny", "any"],
  ["DevicePolicy", "closed"],
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service"],
  ["SystemCallFilter", "~@privileged @resources"],
  ["SystemCallErrorNumber", "EPERM"],
];

function unit(sections: Readonly<Record<string, readonly Line[]>>): string {
  return Object.entries(sections).map(([section, lines]) =>
    [`[${section}]`, ...lines.map(([name, value]) => `${name}=${value}`), ""].join("\n")
  ).join("\n");
}

/**
 * systemd.unit(5): what begins with `%` is a specifier.
 *
 * @throws AppError ERR_SERVICE for what would end the line, and so could begin another one: a folder
 *   that a link leads to has the name that its owner gave it
 */
function escape(text: string): string {
  if (isPrintable(text)) return text.replaceAll("%", "%%");
  throw new AppError("ERR_SERVICE", `a service cannot be told of ${printable(text)}: rename it`);
}

/** The rest of a line, of which a space at its end is lost, and a backslash takes the next one in. */
function unquoted(text: string): string {
  if (!/[\s\\]$/.test(text)) return escape(text);
  throw new AppError("ERR_SERVICE", `a service cannot be told of '${printable(text)}': rename it`);
}

/** systemd.syntax(7): one of several words. Between folders a colon has its own meaning. */
function quote(text: string): string {
  if (/^[\w/.@+-]+$/.test(text)) return text;
  return `"${escape(text).replaceAll(/["\\]/g, "\\$&")}"`;
}

/** systemd.service(5): one word of a command line, in which there are variables besides. */
function commandWord(text: string): string {
  return quote(text).replaceAll("$", "$$$$");
}
