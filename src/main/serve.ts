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
import { AppError, ERRORS } from "../errors.ts";
import { SERVICE_NAME } from "../install/systemd_units.ts";
import { keystoreAdminUids } from "../keystore/keystore_owner.ts";
import { daemonLock } from "../keystore/writer_lock.ts";
import type { Platform, ServiceControl } from "../platform/platform.ts";
import { KeystoreWatch } from "../service/keystore_watch.ts";
import { LoggedAudit } from "../service/logged_audit.ts";
import { announce } from "./announcement.ts";
import { startChores } from "./chores.ts";
import { type DaemonLog, openLog } from "./daemon_log.ts";
import { admission } from "./groups.ts";
import type { Host } from "./host.ts";
import { type KeystoreLocation, locateKeystore, lockOptions } from "./keystore_location.ts";
import { logLastWords } from "./last_words.ts";
import { openRoutes } from "./open_routes.ts";
import { reloadOnHangup } from "./reload.ts";
import { servedSocket } from "./served_socket.ts";
import { stopSignal } from "./stop_signal.ts";
import { startSupervision } from "./supervision.ts";

/** Whoever follows events goes on where it was, a tenth of a second later. */
const MAX_STREAM_MS = 60 * 60 * 1_000;

/** Serves until a signal ends it. */
export async function serve(
  { platform }: Host,
  readSettings: () => Promise<DaemonSettings>,
): Promise<void> {
  const control = await platform.services?.attach(SERVICE_NAME);
  try {
    await serveLogged({ platform, readSettings, control });
  } catch (error) {
    control?.report(`error ${error instanceof AppError ? error.message : "internal error"}`);
    await control?.stopped(error instanceof AppError ? ERRORS[error.code].exitStatus : DEFECT);
    throw error;
  }
  await control?.stopped(0);
}

const DEFECT = ERRORS.ERR_INTERNAL.exitStatus;

async function serveLogged(
  { platform, readSettings, control }: Omit<ServeOptions, "settings" | "daemonLog">,
): Promise<void> {
  const settings = await readSettings();
  const daemonLog = openLog(platform, settings.logLevel, control?.report);
  logLastWords(process, {
    failed: daemonLog.failed,
    async close() {
      await daemonLog.close();
      await control?.stopped(DEFECT);
    },
  });
  try {
    await serveUntilStopped({ platform, readSettings, control, settings, daemonLog });
  } finally {
    await daemonLog.close();
  }
}

interface ServeOptions {
  readonly platform: Platform;
  readonly readSettings: () => Promise<DaemonSettings>;
  /** Where Windows' service manager has started this process. */
  readonly control: ServiceControl | undefined;
  readonly settings: DaemonSettings;
  readonly daemonLog: DaemonLog;
}

async function serveUntilStopped(
  { platform, readSettings, control, settings, daemonLog }: ServeOptions,
): Promise<void> {
  const { log, limited, failed, requests } = daemonLog;
  const host = {
    platform,
    complain: ({ message, code }: AppError) => log.warn(message, { reason: code }),
    log: failed,
  };
  assertPeersAreKnown(platform);
  const location = locateKeystore(settings);
  const { path: socketPath, inherited } = servedSocket(settings, platform);
  const { policy, access } = admission(platform, settings, inherited !== undefined);
  assertOwn(location, platform);
  const lock = await daemonLock(lockOptions(platform, location));
  const connections = openConnections(platform, policy, settings);
  const problems = new ProblemCounts();
  const metrics = [...connectionMetrics(connections), ...problems.metrics()];
  const counts = () => ({ open: connections.open, users: connections.users });
  const options = {
    lock,
    role: "daemon",
    socket: socketPath,
    connections: counts,
    metrics,
  } as const;
  const opened = openRoutes(host, location, options);
  const { routes, keystore, verification, feed } = opened;
  const audit = new LoggedAudit({ audit: opened.audit, log, limited });
  await keystore.read();
  // So that whatever is checked first can be recognised in the record.
  await audit.flush();
  const app = createApp({
    routes,
    policy,
    audit,
    problems,
    maxStreamMs: MAX_STREAM_MS,
    log: failed,
  });
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
  const chores = startChores({
    host,
    ...opened,
    audit,
    watch: new KeystoreWatch({ keystore, log }),
  });
  await audit.note("daemon-start");
  keepMemorySmall({
    connections,
    residentBytes,
    release: () => platform.releaseSpareMemory(),
  });
  announce(log, {
    settings,
    socketPath,
    keystorePath: location.path,
    auditLog: audit.log,
    access: inherited === undefined ? access : undefined,
  });
  const supervision = await startSupervision({ host, socketPath, keystore });
  const isService = inherited !== undefined;
  reloadOnHangup({
    host,
    log,
    settings,
    readSettings,
    isService,
    policy,
    connections,
    keystore,
    supervision,
  });
  control?.running();
  log.info("stopping", { signal: await stopSignal(control) });
  supervision.stopping();
  chores.end();
  feed.close();
  try {
    await daemon.stop();
  } finally {
    await chores.flush();
    await audit.note("daemon-stop");
  }
  log.info("stopped");
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
