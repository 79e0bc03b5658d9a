import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };
import type { DaemonSettings } from "../cli/settings.ts";
import type { SocketAccess } from "../daemon/socket_access.ts";
import type { Log } from "../model/log.ts";

export interface Announcement {
  readonly settings: DaemonSettings;
  readonly socketPath: string;
  readonly keystorePath: string;
  /** undefined for none */
  readonly auditLog: string | undefined;
  /** undefined for a socket that somebody else has made */
  readonly access: SocketAccess<number> | undefined;
}

/** Says what a daemon serves to whom. */
export function announce(
  log: Log,
  { settings, socketPath, keystorePath, auditLog, access }: Announcement,
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
  if (access !== undefined && isOpenToAll(access, settings)) {
    log.warn("every user may connect to the socket, as it can have no two groups");
  }
}

/** Whether nobody asked for that, and two groups have to share the socket. */
function isOpenToAll(
  { mode, group }: SocketAccess<number>,
  { socketMode }: DaemonSettings,
): boolean {
  return socketMode === undefined && group === undefined && mode === 0o666;
}
