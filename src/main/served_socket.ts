import { resolve } from "node:path";
import process from "node:process";
import type { DaemonSettings } from "../cli/settings.ts";
import { type InheritedSocket, inheritedSocket } from "../daemon/activation.ts";
import { AppError } from "../errors.ts";
import { defaultSocket } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";

export interface ServedSocket {
  readonly path: string;
  /** undefined for one that is still to be made */
  readonly inherited: InheritedSocket | undefined;
}

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
