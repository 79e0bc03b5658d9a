import { AppError } from "../errors.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { shellWord } from "../model/shell_word.ts";
import type { Status } from "../protocol/status.ts";
import type { CommandContext } from "./command.ts";
import type { ExaminedService } from "./doctor_service.ts";
import type { DaemonSettings } from "./settings.ts";
import { findVersionSkew } from "../client/version_skew.ts";

const RESTART = "systemctl restart metricshub-apikey.service";
const RESTART_ALL = "systemctl restart metricshub-apikey.socket metricshub-apikey.service";

type ServiceState = Omit<ExaminedService, "findings">;

export interface ExaminedDaemon {
  readonly findings: readonly Finding[];
  /** By which the keystore can be reached, past a daemon that is there and does not answer, too. */
  readonly settings: DaemonSettings;
}

/** Whether a daemon answers, and is the one that the settings describe. */
export async function examineDaemon(
  settings: DaemonSettings,
  service: ServiceState,
  context: CommandContext,
): Promise<ExaminedDaemon> {
  const { defaults } = context.system;
  const socket = settings.socket ?? settings.configured.socket ?? defaults.socket;
  const inProcess = { ...settings, keystore: settings.configured.keystore ?? defaults.keystore };
  // Whoever asks it would wait, too; and what keeps it from its start is to be found here.
  if (service.isStarting) return { findings: [], settings: inProcess };
  const client = await context.connect({ ...settings, keystore: undefined, socket });
  try {
    return { findings: compare(await client.status(), settings, context), settings };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const findings = unanswered(error, socket, service, context);
    const isPassed = ["ERR_SOCKET", "ERR_DAEMON_UNTRUSTED"].includes(error.code);
    return { findings, settings: isPassed ? inProcess : settings };
  }
}

function unanswered(
  { code, message: text }: AppError,
  socket: string,
  { isKnown, isInstalled, isRunning }: ServiceState,
  { system }: CommandContext,
): Finding[] {
  switch (code) {
    case "ERR_DAEMON_UNREACHABLE":
      // That it does not run, or not with the system, has been said.
      if (!isKnown) return [noDaemon(text)];
      if (!isInstalled || !isRunning) return [];
      // systemd holds a socket whose name somebody has removed for as long as it is not told.
      return [mendedBy(RESTART_ALL, { code: "daemon-unreachable", severity: "error", text })];
    case "ERR_DAEMON_UNTRUSTED": {
      // Who is in the service's place goes with its socket.
      const command = isRunning ? RESTART_ALL : `rm ${shellWord(socket)}`;
      return [mendedBy(command, { code: "daemon-untrusted", severity: "error", text })];
    }
    case "ERR_FORBIDDEN":
      // It is the daemon that may not; systemd gives the service what is its own when it starts.
      if (isInstalled && system.uid === 0) {
        return [mendedBy(RESTART, { code: "daemon-failing", severity: "error", text })];
      }
      return [
        mendedBy("sudo apikey doctor", { code: "not-allowed", severity: "warning", text }),
      ];
    default:
      return isInstalled
        ? [mendedBy(RESTART, { code: "daemon-failing", severity: "error", text })]
        : [failing(text)];
  }
}

function noDaemon(text: string): Finding {
  return {
    code: "daemon-missing",
    severity: "hint",
    text,
    remedy: "where programs are to check keys, have `apikey daemon` started with the system",
    command: undefined,
  };
}

function failing(text: string): Finding {
  const remedy = "look at what it says, and start it anew";
  return { code: "daemon-failing", severity: "error", text, remedy, command: undefined };
}

/** It has read its settings when it was started. */
function compare(status: Status, settings: DaemonSettings, context: CommandContext): Finding[] {
  const findings: Finding[] = [];
  const skew = findVersionSkew(context.version, status.version);
  if (skew !== undefined) {
    const { text, remedy } = skew;
    const command = remedy.startsWith("systemctl ") ? remedy : undefined;
    findings.push({ code: "version-skew", severity: "warning", text, remedy, command });
  }
  const { configured: { keystore = context.system.defaults.keystore } } = settings;
  if (status.keystore.path !== keystore) {
    const text = `The daemon serves ${status.keystore.path}, and the settings say ${keystore}`;
    findings.push(mendedBy(RESTART, { code: "settings-not-in-use", severity: "warning", text }));
  }
  return findings;
}
