import process from "node:process";
import { serviceExecutable } from "../install/executable.ts";
import { LAUNCHD_LABEL } from "../install/launchd_plist.ts";
import { type LaunchdPaths, LaunchdService } from "../install/launchd_service.ts";
import { runTool } from "../install/tool.ts";
import type { Service } from "../model/service.ts";

/** Homebrew gives `/usr/local` to whoever has installed it; this is root's. */
const PATHS: LaunchdPaths = {
  plist: `/Library/LaunchDaemons/${LAUNCHD_LABEL}.plist`,
  executable: "/Library/Application Support/MetricsHub/bin/apikey",
};

const LOG_PATH = "/var/log/metricshub-apikey.log";

export interface LaunchdOptions {
  readonly configFile: string | undefined;
  readonly keystorePath: string;
  readonly isRoot: boolean;
  readonly isExecutable: boolean;
}

/** The daemon as a service of macOS. */
export function openLaunchdService(options: LaunchdOptions): Service {
  const { configFile, isExecutable } = options;
  const { execPath } = process;
  const executable = isExecutable
    ? serviceExecutable(execPath, PATHS.executable)
    : PATHS.executable;
  const settings = { executable, configFile, logPath: LOG_PATH };
  return new LaunchdService({ ...options, settings, paths: PATHS, execPath, run: runTool });
}
