import type { AccessPolicy } from "../api/access.ts";
import type { DaemonSettings } from "../cli/settings.ts";
import { AppError } from "../errors.ts";
import { SERVICE_NAME } from "../install/systemd_units.ts";
import { type SocketAccess, socketAccess } from "../daemon/socket_access.ts";
import type { Platform } from "../platform/platform.ts";

/** Who may do what, and whom the file system lets as far as the socket. */
export interface Admission {
  readonly policy: AccessPolicy;
  readonly access: SocketAccess<number>;
}

/**
 * @param isService whether systemd holds the socket: then members of the group that comes with the
 *   service may verify keys unless the settings name another one
 * @throws AppError ERR_USAGE for a group that does not exist, or means nothing on this system
 */
export function admission(
  platform: Platform,
  settings: DaemonSettings,
  isService: boolean,
): Admission {
  if (platform.pipes !== undefined) assertNoGroups(settings);
  const [socketGid] = resolveGroup(platform, settings.socketGroup);
  const adminGids = resolveGroup(platform, settings.adminGroup);
  const serviceGid = isService ? platform.groupId(SERVICE_NAME) : undefined;
  const verifierGids = settings.verifierGroup === undefined && serviceGid !== undefined
    ? [serviceGid]
    : resolveGroup(platform, settings.verifierGroup);
  const wanted = { mode: settings.socketMode, group: socketGid };
  return {
    policy: { adminUids: [0, platform.self.uid], adminGids, verifierGids },
    access: socketAccess(wanted, [...verifierGids, ...adminGids]),
  };
}

/** A pipe's access control list is always the same. */
function assertNoGroups(settings: DaemonSettings): void {
  const { socketMode, socketGroup, adminGroup, verifierGroup } = settings;
  if ([socketMode, socketGroup, adminGroup, verifierGroup].every((value) => value === undefined)) {
    return;
  }
  const text = "the daemon's pipe is open to administrators alone: leave out groups and modes";
  throw new AppError("ERR_USAGE", text);
}

/** @returns the gid of a group that was given by name or number */
function resolveGroup(platform: Platform, group: string | undefined): number[] {
  if (group === undefined) return [];
  const gid = /^\d{1,9}$/.test(group) ? Number(group) : platform.groupId(group);
  if (gid !== undefined) return [gid];
  throw new AppError("ERR_USAGE", `no such group: ${group}`);
}
