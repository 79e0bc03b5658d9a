import { statSync } from "node:fs";
import { AppError } from "../errors.ts";
import { type Finding, mendedBy } from "../model/finding.ts";
import { shellWord } from "../model/shell_word.ts";
import type { ConfigurationProblem, ParsedConfiguration } from "./configuration.ts";
import {
  type ConfigurationContext,
  type ConfigurationPlace,
  configurationPlace,
  describeProblem,
  inspectConfiguration,
} from "./configuration_file.ts";
import { findSuspicions, type Suspicion } from "./configuration_suspicion.ts";
import type { Arguments } from "./option.ts";
import { type DaemonSettings, daemonSettingsBy } from "./settings.ts";
import { DistrustError } from "./trusted_file.ts";

export interface ExaminedConfiguration {
  readonly findings: readonly Finding[];
  /** By what could be read of the file. */
  readonly settings: DaemonSettings;
}

/** @throws AppError ERR_USAGE for a flag's or a variable's value that is none */
export async function examineConfiguration(
  args: Arguments,
  context: ConfigurationContext,
): Promise<ExaminedConfiguration> {
  const place = configurationPlace(args, context);
  const findings: Finding[] = [];
  let parsed: ParsedConfiguration | undefined;
  try {
    parsed = await inspectConfiguration(place, context.system);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    findings.push(unusable(error, place));
  }
  if (parsed !== undefined) {
    findings.push(...parsed.problems.map((problem) => mistake(problem, place)));
    findings.push(...findSuspicions(parsed, context.system).map((each) => suspicion(each, place)));
    findings.push(...hiddenFindings(place, context));
  }
  const file = parsed && { path: place.path, fields: parsed.fields };
  return { findings, settings: daemonSettingsBy(file, args, context) };
}

function unusable(error: AppError, { path }: ConfigurationPlace): Finding {
  const { message: text } = error;
  const name = shellWord(path);
  if (error instanceof DistrustError) {
    const finding = { code: "configuration-untrusted", severity: "error", text } as const;
    return mendedBy(error.command, finding);
  }
  if (error.code === "ERR_FORBIDDEN") {
    const finding = { code: "configuration-unreadable", severity: "error", text } as const;
    return mendedBy(`sudo chmod 644 ${name}`, finding);
  }
  const finding = { code: "configuration-invalid", severity: "error", text } as const;
  if (isThere(path)) return mendedBy(`mv ${name} ${shellWord(`${path}.invalid`)}`, finding);
  return mendedBy(`echo '# settings of apikey' > ${name}`, finding);
}

function mistake(problem: ConfigurationProblem, { path }: ConfigurationPlace): Finding {
  const text = describeProblem(path, problem);
  if (problem.isOfWhole) {
    const command = `mv ${shellWord(path)} ${shellWord(`${path}.invalid`)}`;
    return mendedBy(command, { code: "configuration-invalid", severity: "error", text });
  }
  return {
    code: "configuration-invalid",
    severity: "error",
    text,
    remedy: "correct the line, or comment it out",
    command: commentOut(problem, path),
  };
}

function commentOut({ line }: ConfigurationProblem, path: string): string {
  return `sed --in-place '${line}s/^/#/' ${shellWord(path)}`;
}

/** As a daemon with these settings does not start, or does not save. */
function suspicion(found: Suspicion, { path }: ConfigurationPlace): Finding {
  const { code, command } = found;
  const text = describeProblem(path, found);
  const severity = "error";
  if (command !== undefined) return mendedBy(command, { code, severity, text });
  const remedy = "put it right, or comment the line out";
  return { code, severity, text, remedy, command: commentOut(found, path) };
}

/** Those who may verify keys look there for the socket. */
function hiddenFindings(
  { path, isDefault }: ConfigurationPlace,
  { system }: ConfigurationContext,
): Finding[] {
  // Where access control lists are, those who may verify keys are administrators.
  if (!isDefault || system.guardedFiles !== undefined) return [];
  if ((statSync(path).mode & 0o004) !== 0) return [];
  const text =
    `Others than root cannot read ${path}, which holds no secrets, and so do not find the ` +
    "daemon where it says";
  const finding = { code: "configuration-hidden", severity: "warning", text } as const;
  return [mendedBy(`chmod 644 ${shellWord(path)}`, finding)];
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
