import { statSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import type { DaemonSettings } from "../cli/settings.ts";
import { type InheritedSocket, inheritedSocket } from "../daemon/activation.ts";
import type { SocketAccess } from "../daemon/socket_access.ts";
import { AppError } from "../errors.ts";
import { defaultSocket } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";

export interface ServedSocket {
  readonly path: string;
  /** undefined for one that is still to be made */
  readonly inherited: InheritedSocket | undefined;
}

/** Whether those can connect to systemd's socket whom the settings name. */
export function isOpenTo(path: string, { mode, group }: SocketAccess<number>): boolean {
  const socket = statSync(path, { throwIfNoEntry: false });
  // A socket that is gone is open to nobody, and there is more to say of that than this.
  if (socket === undefined) return true;
  const isForAll = (mode & OTHERS) !== 0;
  return (socket.mode & mode) === mode &&
    (isForAll || group === undefined || socket.gid === group);
}

const OTHERS = 0o006;

/**
 * Where a daemon listens: at the socket that systemd holds for it, or at one of its own.
 *
 * @throws AppError ERR_SOCKET where systemd's is not the one that the settings name
 */
export function servedSocket(settings: DaemonSettings, platform: Platform): ServedSocket {
  const inherited = inheritedSocket(process.env, platform);
  const named = settings.socket ?? settings.configured.socket;
  const path = resolve(named ?? inherited?.path ?? defaultSocket(process));
  if (inherited === undefined || inherited.path === path) return { path, inherited };
  const text = `systemd listens at ${inherited.path}, and the settings say ${path}: ` +
    "`apikey service install` brings them together";
  throw new AppError("ERR_SOCKET", text);
}
