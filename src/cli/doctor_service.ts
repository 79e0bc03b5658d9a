import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { AppError, systemErrorCode } from "../errors.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { shellWord } from "../model/shell_word.ts";
import type { Service, ServiceUnit } from "../model/service.ts";
import type { CommandContext } from "./command.ts";
import { configurationPlace } from "./configuration_file.ts";
import type { Arguments } from "./option.ts";
import type { DaemonSettings } from "./settings.ts";

export interface ExaminedService {
  readonly findings: readonly Finding[];
  /** Whether the system has services that this program knows. */
  readonly isKnown: boolean;
  readonly isInstalled: boolean;
  readonly isRunning: boolean;
  /** Whether it is tried to be started, perhaps time and again, while who connects waits. */
  readonly isStarting: boolean;
}

/** Whether the system starts the daemon, and has. */
export async function examineService(
  settings: DaemonSettings,
  args: Arguments,
  context: CommandContext,
): Promise<ExaminedService> {
  const { path, isDefault } = configurationPlace(args, context);
  try {
    const service = await context.service(settings, isDefault ? undefined : resolve(path));
    const units = await service.units();
    const isInstalled = units.some((unit) => unit.path !== null);
    const isRunning = units.every(({ isActive }) => isActive);
    const findings = isInstalled ? unitFindings(units, service) : [notInstalled()];
    const isStarting = units.some(isBeingStarted);
    return { findings, isKnown: true, isInstalled, isRunning, isStarting };
  } catch (error) {
    // A system without services, or whose services are not known here, or not told of to everybody.
    if (!(error instanceof AppError)) throw error;
    if (error.code !== "ERR_SERVICE" && error.code !== "ERR_FORBIDDEN") throw error;
    return NO_SERVICE;
  }
}

/** Nothing that starts with the system. */
export const NO_SERVICE: ExaminedService = {
  findings: [],
  isKnown: false,
  isInstalled: false,
  isRunning: false,
  isStarting: false,
};

function isBeingStarted({ state }: ServiceUnit): boolean {
  return state.startsWith("activating");
}

function notInstalled(): Finding {
  const text = "No daemon is started with the system: commands work on the keystore by themselves";
  return mendedBy("apikey service install", { code: "service-missing", severity: "hint", text });
}

function unitFindings(units: readonly ServiceUnit[], service: Service): Finding[] {
  const asNames = (some: readonly ServiceUnit[]) =>
    some.map(({ name }) => shellWord(name)).join(" ");
  const lacking = units.filter(({ path }) => path === null);
  const installed = units.filter(({ path }) => path !== null);
  const disabled = installed.filter(({ isEnabled }) => !isEnabled);
  const stopped = installed.filter(({ isActive }) => !isActive);
  return [
    ...lacking.map(({ name }) => outdated(`${name} is not installed`)),
    ...(lacking.length > 0 ? [] : outdatedFindings(units, service)),
    ...(disabled.length === 0 ? [] : [
      mendedBy(`systemctl enable ${asNames(disabled)}`, {
        code: "service-not-enabled",
        severity: "warning",
        text: `The system does not start ${asNames(disabled)}`,
      }),
    ]),
    ...stopped.map(notRunning),
  ];
}

function notRunning(unit: ServiceUnit): Finding {
  const { name, state } = unit;
  const command = `systemctl start ${shellWord(name)}`;
  const text = `${name} does not run: ${state}`;
  const finding = { code: "service-not-running", severity: "error", text } as const;
  if (!isBeingStarted(unit)) return mendedBy(command, finding);
  const remedy = `journalctl --unit=${shellWord(name)} says why; once that is mended`;
  return { ...finding, remedy, command };
}

/** What settings, or the place of the executable, have become since. */
function outdatedFindings(units: readonly ServiceUnit[], service: Service): Finding[] {
  return units.filter(({ name, path }) => {
    const wanted = service.files().find((file) => file.path.endsWith(`/${name}`))?.content;
    return path !== null && wanted !== undefined && readText(path) !== wanted;
  }).map(({ name, path }) => outdated(`${name} in ${path} is not what the settings make of it`));
}

function outdated(text: string): Finding {
  const finding = { code: "service-outdated", severity: "warning", text } as const;
  return mendedBy("apikey service install", finding);
}

/** @returns undefined for what cannot be read */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
