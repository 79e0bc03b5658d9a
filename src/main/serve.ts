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
import type { SocketAccess } from "../daemon/socket_access.ts";
import { keepMemorySmall } from "../daemon/spare_memory.ts";
import { AppError } from "../errors.ts";
import { keystoreAdminUids } from "../keystore/keystore_owner.ts";
import { daemonLock } from "../keystore/writer_lock.ts";
import type { Platform } from "../platform/platform.ts";
import { startChores } from "./chores.ts";
import { admission } from "./groups.ts";
import type { Host } from "./host.ts";
import { type KeystoreLocation, locateKeystore, lockOptions } from "./keystore_location.ts";
import { openRoutes } from "./open_routes.ts";
import { reloadOnHangup } from "./reload.ts";
import { servedSocket } from "./served_socket.ts";
import { stopSignal } from "./stop_signal.ts";
import { startSupervision } from "./supervision.ts";

/** Whoever follows events goes on where it was, a tenth of a second later. */
const MAX_STREAM_MS = 60 * 60 * 1_000;

/** Serves until a signal ends it. */
export async function serve(
  host: Host,
  readSettings: () => Promise<DaemonSettings>,
): Promise<void> {
  const settings = await readSettings();
  const { platform, complain, log } = host;
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
  const { routes, audit, keystore, verification, feed } = opened;
  await keystore.read();
  // So that whatever is checked first can be recognised in the record.
  await audit.flush();
  const app = createApp({ routes, policy, audit, problems, maxStreamMs: MAX_STREAM_MS, log });
  const daemon = await startDaemon({
    socketPath,
    socketAccess: access,
    inherited,
    platform,
    connections,
    fetch: (request, environment) => app.fetch(request, environment),
    answerDirectly: answerDirectly(routes, policy),
    log,
  });
  verification.prepare().catch(log);
  const chores = startChores({ host, ...opened });
  await audit.note("daemon-start");
  keepMemorySmall({
    connections,
    residentBytes,
    release: () => platform.releaseSpareMemory(),
  });
  complain(`apikey: listening at ${socketPath}, keystore ${location.path}`);
  if (inherited === undefined && isOpenToAll(access, settings)) {
    complain("apikey: every user may connect to the socket, as it can have no two groups");
  }
  const supervision = await startSupervision({ host, socketPath, keystore });
  const isService = inherited !== undefined;
  reloadOnHangup({
    host,
    settings,
    readSettings,
    isService,
    policy,
    connections,
    keystore,
    supervision,
  });
  complain(`apikey: ${await stopSignal()} received, stopping`);
  supervision.stopping();
  chores.end();
  feed.close();
  try {
    await daemon.stop();
  } finally {
    await chores.flush();
    await audit.note("daemon-stop");
  }
}

function assertPeersAreKnown({ knowsPeers }: Platform): void {
  if (knowsPeers) return;
  const text = "a daemon cannot tell on this system who connects; use the other commands alone";
  throw new AppError("ERR_SOCKET", text);
}

/** @throws AppError ERR_FORBIDDEN for the keystore of somebody else */
function assertOwn({ path, isDefault }: KeystoreLocation, { self }: Platform): void {
  const adminUids = keystoreAdminUids(path, isDefault, self);
  assertAccess("admin", self, { adminUids, adminGids: [], verifierGids: [] });
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

/** Whether nobody asked for that, and two groups have to share the socket. */
function isOpenToAll(
  { mode, group }: SocketAccess<number>,
  { socketMode }: DaemonSettings,
): boolean {
  return socketMode === undefined && group === undefined && mode === 0o666;
}

/** 0 where it cannot be told, as on Linux without /proc. */
function residentBytes(): number {
  try {
    return process.memoryUsage().rss;
  } catch {
    return 0;
  }
}
