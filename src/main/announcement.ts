import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };
import type { DaemonSettings } from "../cli/settings.ts";
import type { SocketAccess } from "../daemon/socket_access.ts";
import type { Log } from "../model/log.ts";
import { isOpenTo } from "./served_socket.ts";

export interface Announcement {
  readonly settings: DaemonSettings;
  readonly socketPath: string;
  readonly keystorePath: string;
  /** undefined for none */
  readonly auditLog: string | undefined;
  readonly isService: boolean;
  readonly access: SocketAccess<number>;
}

/** Says what a daemon serves to whom. */
export function announce(
  log: Log,
  { settings, socketPath, keystorePath, auditLog, isService, access }: Announcement,
): void {
  log.info("listening", {
    version: packageJson.version,
    pid: process.pid,
    socket: socketPath,
    keystore: keystorePath,
    adminGroup: settings.adminGroup,
    verifierGroup: settings.verifierGroup,
    auditLog: auditLog ?? "none",
  });
  if (isService) warnOfClosedSocket(log, socketPath, access);
  else if (isOpenToAll(access, settings)) {
    log.warn("every user may connect to the socket, as it can have no two groups");
  }
}

/** systemd has made the socket as its unit says, which is of before the settings. */
export function warnOfClosedSocket(
  log: Log,
  socketPath: string,
  access: SocketAccess<number>,
): void {
  if (isOpenTo(socketPath, access)) return;
  const remedy = "apikey service install";
  log.warn("the socket is not open to all whom the settings name", { remedy });
}

/** Whether nobody asked for that, and two groups have to share the socket. */
function isOpenToAll(
  { mode, group }: SocketAccess<number>,
  { socketMode }: DaemonSettings,
): boolean {
  return socketMode === undefined && group === undefined && mode === 0o666;
}
