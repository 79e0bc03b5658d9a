import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { AppError } from "../errors.ts";
import { distrustFile, distrustFolders } from "../file_trust.ts";
import { SERVICE_NAME } from "../install/systemd_units.ts";
import { executableAt } from "../install/windows_executable.ts";
import { WindowsServiceInstallation } from "../install/windows_service.ts";
import type { Service } from "../model/service.ts";
import type { Platform } from "../platform/platform.ts";

export interface WindowsServiceSettings {
  readonly platform: Platform;
  readonly configFile: string | undefined;
  readonly keystorePath: string;
  readonly isExecutable: boolean;
}

/** The daemon as a service of Windows. */
export function openWindowsService(options: WindowsServiceSettings): Service {
  const { platform, configFile, keystorePath, isExecutable } = options;
  const { services, self } = platform;
  if (services === undefined) throw new AppError("ERR_SERVICE", "there is no service manager");
  const execPath = realpathSync(process.execPath);
  const isFit = isExecutable && isAdministrators(execPath, platform);
  return new WindowsServiceInstallation({
    name: SERVICE_NAME,
    services,
    executable: executableAt(isFit ? execPath : installedExecutable(), execPath),
    configFile,
    keystorePath,
    isElevated: self.uid === 0,
  });
}

/** Nobody else may replace what runs as the system. */
function isAdministrators(path: string, { guardedFiles }: Platform): boolean {
  const facts = guardedFiles?.inspect(path) ?? statSync(path);
  const distrust = distrustFile(path, facts, 0, guardedFiles) ??
    distrustFolders(path, 0, guardedFiles);
  return distrust === undefined;
}

function installedExecutable(): string {
  const programs = process.env["ProgramFiles"] ?? "C:\\Program Files";
  return join(programs, SERVICE_NAME, "bin", "apikey.exe");
}
