import process from "node:process";
import type { DaemonSettings } from "../cli/settings.ts";
import { AppError, ERRORS } from "../errors.ts";
import { SERVICE_NAME } from "../install/systemd_units.ts";
import type { Platform, ServiceControl } from "../platform/platform.ts";
import { type DaemonLog, openLog } from "./daemon_log.ts";
import type { Host } from "./host.ts";
import { logLastWords } from "./last_words.ts";
import { openDaemon } from "./open_daemon.ts";
import { reloadOnHangup } from "./reload.ts";
import { stopSignal } from "./stop_signal.ts";
import { startSupervision } from "./supervision.ts";

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

interface ServeOptions {
  readonly platform: Platform;
  readonly readSettings: () => Promise<DaemonSettings>;
  /** Where Windows' service manager has started this process. */
  readonly control: ServiceControl | undefined;
}

async function serveLogged(options: ServeOptions): Promise<void> {
  const { platform, readSettings, control } = options;
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
    await serveUntilStopped(settings, daemonLog, options);
  } finally {
    await daemonLog.close();
  }
}

async function serveUntilStopped(
  settings: DaemonSettings,
  daemonLog: DaemonLog,
  { platform, readSettings, control }: ServeOptions,
): Promise<void> {
  const { log, failed } = daemonLog;
  const host = {
    platform,
    complain: ({ message, code }: AppError) => log.warn(message, { reason: code }),
    log: failed,
  };
  const daemon = await openDaemon(host, settings, daemonLog);
  const supervision = await startSupervision({ host, ...daemon });
  reloadOnHangup({ host, log, settings, readSettings, supervision, ...daemon });
  control?.running();
  log.info("stopping", { signal: await stopSignal(control) });
  supervision.stopping();
  await daemon.stop();
  log.info("stopped");
}
