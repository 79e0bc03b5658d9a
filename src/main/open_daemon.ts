import process from "node:process";
import { accessOf, type AccessPolicy, assertAccess } from "../api/access.ts";
import { createApp } from "../api/app.ts";
import { answerDirectly } from "../api/direct.ts";
import { ProblemCounts } from "../api/problem.ts";
import type { DaemonSettings } from "../cli/settings.ts";
import { allowancesByAccess } from "../daemon/allowances.ts";
import { connectionMetrics } from "../daemon/connection_metrics.ts";
import { Connections } from "../daemon/connections.ts";
import { startDaemon } from "../daemon/daemon.ts";
import { keepMemorySmall } from "../daemon/spare_memory.ts";
import { AppError } from "../errors.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { keystoreAdminUids } from "../keystore/keystore_owner.ts";
import { daemonLock } from "../keystore/writer_lock.ts";
import type { Platform } from "../platform/platform.ts";
import { KeystoreWatch } from "../service/keystore_watch.ts";
import { LoggedAudit } from "../service/logged_audit.ts";
import { announce } from "./announcement.ts";
import { startChores } from "./chores.ts";
import type { DaemonLog } from "./daemon_log.ts";
import { admission } from "./groups.ts";
import type { Host } from "./host.ts";
import { type KeystoreLocation, locateKeystore, lockOptions } from "./keystore_location.ts";
import { openRoutes } from "./open_routes.ts";
import { servedSocket } from "./served_socket.ts";

/** Whoever follows events goes on where it was, a tenth of a second later. */
const MAX_STREAM_MS = 60 * 60 * 1_000;

/** A daemon that serves. */
export interface OpenDaemon {
  readonly socketPath: string;
  /** Whether systemd holds the socket. */
  readonly isService: boolean;
  readonly keystore: Keystore;
  readonly policy: AccessPolicy;
  readonly connections: Connections;
  /** Finishes what is under way, and writes what is left to be written. */
  stop(): Promise<void>;
}

/**
 * Opens the keystore as its one writer, and answers requests about it.
 *
 * @throws AppError for settings, a keystore or a socket that cannot be served
 */
export async function openDaemon(
  host: Host,
  settings: DaemonSettings,
  { log, limited, failed, requests }: DaemonLog,
): Promise<OpenDaemon> {
  const { platform } = host;
  assertPeersAreKnown(platform);
  const location = locateKeystore(settings);
  const { path: socketPath, inherited } = servedSocket(settings, platform);
  const isService = inherited !== undefined;
  const { policy, access } = admission(platform, settings, isService);
  assertOwn(location, platform);
  const lock = await daemonLock(lockOptions(platform, location));
  const connections = openConnections(platform, policy, settings);
  const problems = new ProblemCounts();
  const opened = openRoutes(host, location, {
    lock,
    role: "daemon",
    socket: socketPath,
    connections: () => ({ open: connections.open, users: connections.users }),
    metrics: [...connectionMetrics(connections), ...problems.metrics()],
  });
  const { routes, keystore, verification, feed } = opened;
  const audit = new LoggedAudit({ audit: opened.audit, log, limited });
  await keystore.read();
  // So that whatever is checked first can be recognised in the record.
  await audit.flush();
  const streams = { maxStreamMs: MAX_STREAM_MS };
  const app = createApp({ routes, policy, audit, problems, ...streams, log: failed });
  const daemon = await startDaemon({
    socketPath,
    socketAccess: access,
    inherited,
    platform,
    connections,
    fetch: (request, environment) => app.fetch(request, environment),
    answerDirectly: answerDirectly(routes, policy),
    requestLog: requests,
    log: failed,
  });
  verification.prepare().catch((error) => error instanceof AppError || failed(error));
  const watch = new KeystoreWatch({ keystore, log });
  const chores = startChores({ host, ...opened, audit, watch });
  await audit.note("daemon-start");
  keepMemorySmall({ connections, residentBytes, release: () => platform.releaseSpareMemory() });
  announce(log, {
    settings,
    socketPath,
    keystorePath: location.path,
    auditLog: audit.log,
    isService,
    access,
  });
  return {
    socketPath,
    isService,
    keystore,
    policy,
    connections,
    async stop() {
      chores.end();
      feed.close();
      try {
        await daemon.stop();
      } finally {
        await chores.flush();
        await audit.note("daemon-stop");
      }
    },
  };
}

function assertPeersAreKnown({ knowsPeers }: Platform): void {
  if (knowsPeers) return;
  const text = "a daemon cannot tell on this system who connects; use the other commands alone";
  throw new AppError("ERR_SOCKET", text);
}

/** @throws AppError ERR_FORBIDDEN for the keystore of somebody else */
function assertOwn({ path, isDefault }: KeystoreLocation, platform: Platform): void {
  const adminUids = keystoreAdminUids(path, isDefault, platform);
  assertAccess("admin", platform.self, { adminUids, adminGids: [], verifierGids: [] });
}

function openConnections(
  platform: Platform,
  policy: AccessPolicy,
  { limits }: DaemonSettings,
): Connections {
  return new Connections({
    identify: (socket) => platform.peerCredentials(socket),
    accessOf: (peer) => accessOf(peer, policy),
    allowances: allowancesByAccess(limits),
    nowMs: () => performance.now(),
  });
}

/** 0 where it cannot be told, as on Linux without /proc. */
function residentBytes(): number {
  try {
    return process.memoryUsage().rss;
  } catch {
    return 0;
  }
}
