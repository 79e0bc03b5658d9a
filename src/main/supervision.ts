import process from "node:process";
import { assertTrustedServer } from "../client/server_trust.ts";
import { socketTransport } from "../client/socket.ts";
import { ServiceManager } from "../daemon/service_manager.ts";
import { startWatchdog } from "../daemon/watchdog.ts";
import { AppError } from "../errors.ts";
import type { Keystore } from "../keystore/keystore.ts";
import { HEALTH_PATH } from "../protocol/health.ts";
import type { Host } from "./host.ts";
import { repeat } from "./repeat.ts";

/** How old the line may be that `systemctl status` shows. */
const STATUS_EVERY_MS = 10_000;

export interface SupervisionOptions {
  readonly host: Host;
  readonly socketPath: string;
  readonly keystore: Keystore;
}

/** What systemd is told of a daemon that serves, until its end. */
export interface Supervision {
  /** Until {@link reloaded}. */
  reloading(): void;
  reloaded(): Promise<void>;
  stopping(): void;
}

/** Says that the daemon serves, and gives signs of life as long as it does. */
export async function startSupervision(options: SupervisionOptions): Promise<Supervision> {
  const { host: { platform, log }, keystore } = options;
  const manager = new ServiceManager(process.env, platform);
  const ready = async () => manager.ready(await describe(keystore));
  await ready();
  const tellStatus = async () => manager.status(await describe(keystore));
  const endings: (() => void)[] = [];
  if (manager.isThere) endings.push(repeat(tellStatus, STATUS_EVERY_MS, log));
  if (manager.watchdogMs !== undefined) {
    endings.push(startWatchdog({
      timeoutMs: manager.watchdogMs,
      probe: probeAt(options, manager.watchdogMs),
      alive: () => manager.alive(),
      onError: log,
    }));
  }
  return {
    reloading: () => manager.reloading("Reading the settings anew"),
    reloaded: ready,
    stopping() {
      for (const end of endings) end();
      manager.stopping("Finishing the requests under way");
    },
  };
}

/**
 * A request as any client's, which has the daemon look at the keystore. Whatever it answers will do: a
 * keystore that is damaged is not mended by a new daemon, which would not even have its last good state.
 */
function probeAt({ host: { platform }, socketPath }: SupervisionOptions, timeoutMs: number) {
  const { send } = socketTransport({
    path: socketPath,
    timeoutMs,
    assertTrusted: (socket) =>
      assertTrustedServer(socket, platform, [platform.self.uid], socketPath),
  });
  return async () => void await send({ method: "GET", path: HEALTH_PATH });
}

async function describe(keystore: Keystore): Promise<string> {
  const { path } = keystore;
  try {
    const { content, fault } = await keystore.read();
    const keys = content.entries.size;
    if (fault !== undefined) return `DAMAGED OR GONE: ${path}; serving its last good state`;
    return `Serving ${keys} ${keys === 1 ? "API key" : "API keys"} of ${path}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `NOT SERVING: ${error.message}`;
  }
}
