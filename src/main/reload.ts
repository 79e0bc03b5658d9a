import process from "node:process";
import { isatty } from "node:tty";
import type { AccessPolicy } from "../api/access.ts";
import type { DaemonSettings } from "../cli/settings.ts";
import { allowancesByAccess } from "../daemon/allowances.ts";
import type { Connections } from "../daemon/connections.ts";
import { AppError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { warnOfClosedSocket } from "./announcement.ts";
import { admission } from "./groups.ts";
import type { Host } from "./host.ts";
import { latestWish } from "./latest_wish.ts";
import type { Supervision } from "./supervision.ts";

/** What a daemon cannot change while it runs, by the names that the configuration file has. */
const FIXED = [
  "keystore",
  "socket",
  "passwordFile",
  "generations",
  "auditLog",
  "socketMode",
  "socketGroup",
] as const;

export interface ReloadOptions {
  readonly host: Host;
  readonly log: Logger;
  /** As they were at the start. */
  readonly settings: DaemonSettings;
  readonly readSettings: () => Promise<DaemonSettings>;
  readonly isService: boolean;
  readonly socketPath: string;
  /** Is changed in place: everybody who asks it asks the new one from then on. */
  readonly policy: AccessPolicy;
  readonly connections: Connections;
  readonly keystore: Keystore;
  readonly supervision: Supervision;
}

/**
 * Reads the settings anew whenever SIGHUP asks for it, as `systemctl reload` does, and goes by them from
 * then on. Settings that cannot be gone by change nothing.
 *
 * At a terminal SIGHUP says that the terminal is gone: there it ends the daemon.
 */
export function reloadOnHangup(options: ReloadOptions): void {
  if (hasTerminal()) return;
  process.on("SIGHUP", latestWish(() => reload(options).catch(options.host.log)));
}

/** Whether a terminal reads what this process says. */
export function hasTerminal(): boolean {
  return isatty(STANDARD_ERROR);
}

const STANDARD_ERROR = 2;

async function reload(options: ReloadOptions): Promise<void> {
  const { log, supervision } = options;
  supervision.reloading();
  try {
    const settings = await options.readSettings();
    apply(settings, options);
    await options.keystore.read();
    log.info("settings read anew", { logLevel: log.level });
    const fixed = FIXED.filter((name) => isDifferent(settings, options.settings, name));
    if (fixed.length > 0) {
      // The units have what the settings say of the socket, and of whose process has which files.
      const remedy = options.isService ? "apikey service install" : "start the daemon anew";
      log.warn("new settings that hold after a restart only", {
        settings: fixed.join(", "),
        remedy,
      });
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn("going by the old settings", { reason: error.code, detail: error.message });
  } finally {
    await supervision.reloaded();
  }
}

/** All of it or nothing: what can be refused comes first. */
function apply(settings: DaemonSettings, options: ReloadOptions): void {
  const { host: { platform }, log, isService, socketPath, policy, connections } = options;
  const fresh = admission(platform, settings, isService);
  Object.assign(policy, fresh.policy);
  connections.allow(allowancesByAccess(settings.limits));
  log.level = settings.logLevel;
  if (isService) warnOfClosedSocket(log, socketPath, fresh.access);
}

function isDifferent(
  a: DaemonSettings,
  b: DaemonSettings,
  name: typeof FIXED[number],
): boolean {
  return effective(a, name) !== effective(b, name);
}

function effective(settings: DaemonSettings, name: typeof FIXED[number]): unknown {
  const named = settings[name];
  return name === "keystore" || name === "socket" ? named ?? settings.configured[name] : named;
}
