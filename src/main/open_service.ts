import { existsSync, lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import type { DaemonSettings } from "../cli/settings.ts";
import { socketAccess } from "../daemon/socket_access.ts";
import { AppError, systemErrorCode } from "../errors.ts";
import { INSTALLED_EXECUTABLE, serviceExecutable } from "../install/executable.ts";
import { SystemdService } from "../install/systemd_service.ts";
import {
  ROOT_FOLDER,
  SERVICE_NAME,
  SOCKET_FOLDER,
  STATE_FOLDER,
  type UnitSettings,
} from "../install/systemd_units.ts";
import { runTool } from "../install/tool.ts";
import type { Service } from "../model/service.ts";
import { defaultKeystore, defaultSocket } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";
import type { Host } from "./host.ts";
import { openLaunchdService } from "./open_launchd_service.ts";
import { openWindowsService } from "./open_windows_service.ts";
import { isOrdinaryUser } from "./keystore_location.ts";

/** What systemd keeps the state of its services in. */
const STATE_BASE = "/var/lib";

/** What is there in any case, for a service that has the file system's root taken from it. */
const SYSTEM_FOLDERS = ["/usr/", "/etc/"];

/**
 * The daemon as a service of this system, with these settings: those of the configuration file, as
 * neither the flags nor the variables of whoever installs it will be there when it runs.
 *
 * @param configFile undefined for the default one
 * @throws AppError ERR_SERVICE on a system whose services this program does not know
 */
export function openService(
  { platform }: Host,
  settings: DaemonSettings,
  configFile: string | undefined,
): Service {
  const isRoot = !isOrdinaryUser(platform);
  if (process.platform === "darwin") {
    const keystorePath = settings.configured.keystore ?? defaultKeystore(process);
    return openLaunchdService({ configFile, keystorePath, isRoot, isExecutable: isExecutable() });
  }
  if (process.platform === "win32") {
    const keystorePath = settings.configured.keystore ?? defaultKeystore(process);
    return openWindowsService({ platform, configFile, keystorePath, isExecutable: isExecutable() });
  }
  if (process.platform !== "linux") {
    throw new AppError("ERR_SERVICE", "services of this system are not supported");
  }
  const executable = isExecutable() ? serviceExecutable(process.execPath) : INSTALLED_EXECUTABLE;
  const keystorePath = settings.configured.keystore ??
    defaultKeystore({ platform: process.platform, env: process.env, execPath: executable });
  const units = unitSettings(settings, { executable, keystorePath, configFile, platform });
  return new SystemdService({
    settings: units,
    execPath: process.execPath,
    isRoot,
    leavings: {
      keystorePath,
      stateFolder: units.user === "own" ? join(STATE_BASE, STATE_FOLDER) : undefined,
      rootFolder: ROOT_FOLDER,
      socketFolder: SOCKET_FOLDER,
    },
    run: runTool,
  });
}

/** Rather than a runtime that was given the source. */
function isExecutable(): boolean {
  return !/^(node|deno)/.test(basename(process.execPath));
}

interface Circumstances {
  readonly executable: string;
  readonly keystorePath: string;
  readonly configFile: string | undefined;
  readonly platform: Platform;
}

function unitSettings(
  settings: DaemonSettings,
  { executable, keystorePath, configFile, platform }: Circumstances,
): UnitSettings {
  const user = serviceUser(keystorePath, platform.groupId(SERVICE_NAME));
  const folder = realFolder(keystorePath);
  const written = [
    ...(user === "own" ? [] : folders(keystorePath)),
    ...[settings.auditLog, settings.passwordFile].filter(isPath).flatMap(folders),
  ];
  return {
    executable,
    configFile,
    socket: socketOf(settings),
    user,
    writableFolders: [...new Set(written)].filter((path) => user !== "own" || path !== folder),
    readablePaths: [dirname(executable), configFile].filter((path) => path !== undefined)
      .filter((path) => !SYSTEM_FOLDERS.some((system) => `${path}/`.startsWith(system))),
  };
}

/** Neither `journal` nor `none`. */
function isPath(setting: string | undefined): setting is string {
  return setting?.includes("/") === true;
}

/**
 * @throws AppError ERR_SERVICE for a folder that is not there, as nobody knows whose it will be, and for
 *   somebody's link to another's keystore: who makes a link is not to say as whom the service runs
 */
function serviceUser(keystorePath: string, ownGid: number | undefined): UnitSettings["user"] {
  const folder = realFolder(keystorePath);
  const facts = statOf(keystorePath) ?? statOf(folder);
  const link = statOf(keystorePath, lstatSync);
  if (link?.isSymbolicLink() && link.uid !== 0 && link.uid !== facts?.uid) {
    const text = `${keystorePath} is a link of uid ${link.uid}: name the file that it leads to`;
    throw new AppError("ERR_SERVICE", text);
  }
  // What is root's may be given to the service: root reads it all the same.
  const isAnothers = facts !== undefined && facts.uid !== 0 && facts.gid !== ownGid;
  if (folder === join(STATE_BASE, STATE_FOLDER) && !isAnothers) return "own";
  if (facts !== undefined) return { uid: facts.uid };
  throw new AppError("ERR_SERVICE", `there is no folder ${folder}: make it, as whose it is to be`);
}

/** @returns undefined for what is not there, or not to be seen: what runs then is for root to say */
function statOf(
  path: string,
  stat: (path: string, options: { readonly throwIfNoEntry: false }) => Stats | undefined = statSync,
): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemErrorCode(error) !== "EACCES") throw error;
    return undefined;
  }
}

/** Where a file is said to be, and where it really is: the service has to find either. */
function folders(path: string): string[] {
  const named = dirname(path);
  return existsSync(named) ? [named, realFolder(path)] : [realFolder(path)];
}

/** Where a file really is, whatever leads there. */
function realFolder(path: string): string {
  return dirname(existsSync(path) ? realpathSync(path) : path);
}

function socketOf(settings: DaemonSettings): UnitSettings["socket"] {
  const { configured: { socket }, socketMode, socketGroup, adminGroup } = settings;
  const { verifierGroup = SERVICE_NAME } = settings;
  const groups = [verifierGroup, adminGroup].filter((group) => group !== undefined);
  const access = socketAccess({ mode: socketMode, group: socketGroup }, groups);
  return { path: socket ?? defaultSocket(process), ...access };
}
