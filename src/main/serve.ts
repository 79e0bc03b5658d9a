import { resolve } from "node:path";
import process from "node:process";
import { isatty } from "node:tty";
import { accessOf, assertAccess } from "../api/access.ts";
import { createApp } from "../api/app.ts";
import { answerDirectly } from "../api/direct.ts";
import { ProblemCounts } from "../api/problem.ts";
import type { DaemonSettings } from "../cli/settings.ts";
import { connectionMetrics } from "../daemon/connection_metrics.ts";
import { Connections } from "../daemon/connections.ts";
import { startDaemon } from "../daemon/daemon.ts";
import { socketAccess } from "../daemon/socket_access.ts";
import { keepMemorySmall } from "../daemon/spare_memory.ts";
import { AppError } from "../errors.ts";
import { keystoreAdminUids } from "../keystore/keystore_owner.ts";
import { daemonLock } from "../keystore/writer_lock.ts";
import { defaultSocket } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";
import type { Host } from "./host.ts";
import { locateKeystore, lockOptions } from "./keystore_location.ts";
import { openRoutes } from "./open_routes.ts";

/** Whoever follows events goes on where it was, a tenth of a second later. */
const MAX_STREAM_MS = 60 * 60 * 1_000;

/** Keys that have been rotated are refused in any case when their time is over. */
const TIDY_EVERY_MS = 5_000;

/** How much of what keys were used for a crash may cost. */
const FLUSH_EVERY_MS = 60_000;

/** Serves until a signal ends it. */
export async function serve(host: Host, settings: DaemonSettings): Promise<void> {
  const { platform, complain, log } = host;
  const { self } = platform;
  assertPeersAreKnown(platform);
  const location = locateKeystore(settings);
  const socketPath = resolve(settings.socket ?? defaultSocket(process));
  const [socketGid] = resolveGroup(platform, settings.socketGroup);
  const adminGids = resolveGroup(platform, settings.adminGroup);
  const verifierGids = resolveGroup(platform, settings.verifierGroup);
  assertAccess("admin", self, {
    adminUids: keystoreAdminUids(location.path, location.isDefault, self),
    adminGids: [],
    verifierGids: [],
  });
  const lock = await daemonLock(lockOptions(platform, location));
  const policy = { adminUids: [0, self.uid], adminGids, verifierGids };
  const connections = new Connections({
    identify: (socket) => platform.peerCredentials(socket),
    accessOf: (peer) => accessOf(peer, policy),
    nowMs: () => performance.now(),
  });
  const problems = new ProblemCounts();
  // A keystore that cannot be written is told to whoever wants to.
  const unlessKnown = (error: unknown) => error instanceof AppError || log(error);
  const metrics = [...connectionMetrics(connections), ...problems.metrics()];
  const options = { lock, role: "daemon", socket: socketPath, metrics } as const;
  const opened = openRoutes(host, location, options);
  const { routes, audit, keystore, keys, usage, verification, feed } = opened;
  await keystore.read();
  // So that whatever is checked first can be recognised in the record.
  await audit.flush();
  const app = createApp({ routes, policy, audit, problems, maxStreamMs: MAX_STREAM_MS, log });
  const wanted = { mode: settings.socketMode, gid: socketGid };
  const access = socketAccess(wanted, [...verifierGids, ...adminGids]);
  const daemon = await startDaemon({
    socketPath,
    socketAccess: access,
    platform,
    connections,
    fetch: (request, environment) => app.fetch(request, environment),
    answerDirectly: answerDirectly(routes, policy),
    log,
  });
  verification.prepare().catch(log);
  const own = { peer: self, peerProcess: () => platform.ownProcess(), alias: undefined };
  const tidy = async () => {
    if (!await keys.hasRetired()) return;
    await audit.perform({ act: "remove-retired", ...own }, async () => {
      return { result: undefined, done: { aliases: await keys.removeRetired() } };
    });
  };
  const stopTidying = repeat(tidy, TIDY_EVERY_MS, unlessKnown);
  const stopCounting = repeat(() => usage.flush(), FLUSH_EVERY_MS, unlessKnown);
  const stopAuditing = repeat(() => audit.flush(), FLUSH_EVERY_MS, unlessKnown);
  await audit.note("daemon-start");
  keepMemorySmall({
    connections,
    residentBytes,
    release: () => platform.releaseSpareMemory(),
  });
  complain(`apikey: listening at ${socketPath}, keystore ${location.path}`);
  if (settings.socketMode === undefined && access.gid === undefined && access.mode === 0o666) {
    complain("apikey: every user may connect to the socket, as it can have no two groups");
  }
  complain(`apikey: ${await stopSignal()} received, stopping`);
  stopTidying();
  stopCounting();
  stopAuditing();
  feed.close();
  try {
    await daemon.stop();
  } finally {
    await usage.flush().catch(unlessKnown);
    await audit.flush().catch(unlessKnown);
    await audit.note("daemon-stop");
  }
}

/**
 * Does something again and again, less often while it fails: each time may cost a look at the whole
 * keystore.
 *
 * @returns ends it
 */
function repeat(
  work: () => Promise<void>,
  everyMs: number,
  onError: (error: unknown) => void,
): () => void {
  let timer = setTimeout(turn, everyMs);
  let isOver = false;
  async function turn(): Promise<void> {
    let delayMs = everyMs;
    await work().catch((error) => {
      delayMs = Math.max(everyMs, AFTER_FAILURE_MS);
      onError(error);
    });
    if (!isOver) timer = setTimeout(turn, delayMs);
  }
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

const AFTER_FAILURE_MS = 60_000;

function assertPeersAreKnown({ knowsPeers }: Platform): void {
  if (knowsPeers) return;
  const text = "a daemon cannot tell on this system who connects; use the other commands alone";
  throw new AppError("ERR_SOCKET", text);
}

/**
 * @returns the gid of a group that was given by name or number
 * @throws AppError ERR_USAGE for a group that does not exist
 */
function resolveGroup(platform: Platform, group: string | undefined): number[] {
  if (group === undefined) return [];
  const gid = /^\d{1,9}$/.test(group) ? Number(group) : platform.groupId(group);
  if (gid !== undefined) return [gid];
  throw new AppError("ERR_USAGE", `no such group: ${group}`);
}

/** 0 where it cannot be told, as on Linux without /proc. */
function residentBytes(): number {
  try {
    return process.memoryUsage().rss;
  } catch {
    return 0;
  }
}

/** SIGHUP tells a daemon to read its settings anew, of which there are none, unless it has a terminal. */
function stopSignal(): Promise<string> {
  const hasTerminal = isatty(STANDARD_ERROR);
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => signal === "SIGHUP" && !hasTerminal || resolve(signal));
    }
  });
}

const STANDARD_ERROR = 2;
