import type { Finding } from "../model/finding.ts";
import { printable } from "../model/printable.ts";
import { shellWord, shellWords } from "../model/shell_word.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { examineAudit } from "./doctor_audit.ts";
import { examineConfiguration } from "./doctor_configuration.ts";
import { examineDaemon } from "./doctor_daemon.ts";
import { examineKeystore } from "./doctor_keystore.ts";
import { type ExaminedService, examineService, NO_SERVICE } from "./doctor_service.ts";
import type { Arguments } from "./option.ts";
import type { DoctorOutput } from "./output_schemas.ts";
import { JSON_OPTION, TARGET_OPTIONS } from "./settings.ts";

const FOUND_STATUS = 1;
const MAX_LINE = 2_000;

export const doctorCommand: CommandSpec = {
  name: "doctor",
  summary: "Look at the whole installation, and print the command that mends what is wrong",
  options: [JSON_OPTION, ...TARGET_OPTIONS],
  examples: ["apikey doctor", "apikey doctor --json", "apikey doctor --keystore ./keystore.p12"],
  async run(args, context) {
    const found = await examineAll(args, context);
    const findings = found.map((each) => withTarget(asHint(each), args));
    const output: DoctorOutput = {
      findings: findings.map((finding) => ({ ...finding, command: finding.command ?? null })),
    };
    context.print(args.isSet("json") ? `${JSON.stringify(output)}\n` : describe(findings));
    return findings.some(({ severity }) => severity !== "hint") ? FOUND_STATUS : 0;
  },
};

/** Each part as far as it goes by itself, so that one that is broken hides nothing of another. */
async function examineAll(args: Arguments, context: CommandContext): Promise<Finding[]> {
  const { findings: configured, settings } = await examineConfiguration(args, context);
  const isOfHost = settings.keystore === undefined;
  const service = isOfHost ? await examineService(settings, args, context) : NO_SERVICE;
  const daemon = isOfHost
    ? await examineDaemon(settings, service, context)
    : { findings: [], settings };
  const findings = [
    ...configured,
    ...(await context.examine(settings)).map((each) => ofService(each, service)),
    ...service.findings,
    ...daemon.findings,
    ...await examineKeystore(daemon.settings, context),
    ...await examineAudit(daemon.settings, context),
  ];
  // Some are found from outside and by whoever serves.
  const texts = findings.map(({ code, text }) => `${code} ${text}`);
  return findings.filter((_, index) => texts.indexOf(texts[index] ?? "") === index);
}

/** That of the service is not to be killed: while systemd starts it anew, its socket cannot be. */
function ofService(finding: Finding, { isRunning }: ExaminedService): Finding {
  if (finding.code !== "daemon-without-socket" || !isRunning) return finding;
  return { ...finding, remedy: "start the service and its socket anew", command: undefined };
}

/**
 * What may be as somebody wants it: the password that an installed MetricsHub knows, the socket of two
 * groups.
 */
const HINTS: readonly string[] = ["password-built-in", "socket-open-to-all"];

function asHint(finding: Finding): Finding {
  return HINTS.includes(finding.code) ? { ...finding, severity: "hint" } : finding;
}

/** The flags that say what this is about have to come along. */
function withTarget(finding: Finding, args: Arguments): Finding {
  const flags = TARGET_OPTIONS.flatMap(({ name }) => {
    const value = args.value(name);
    return value === undefined ? [] : [`--${name} ${shellWord(value)}`];
  });
  const { command, remedy } = finding;
  if (command === undefined || flags.length === 0) return finding;
  const complete = withFlags(command, flags);
  return { ...finding, command: complete, remedy: remedy === command ? complete : remedy };
}

/** Word by word, as within quotes there may be anything, such as what joins commands. */
function withFlags(line: string, flags: readonly string[]): string {
  const commands: string[][] = [[]];
  for (const word of shellWords(line)) {
    if (word === "&&") commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.map((words) => {
    const [program, command] = words[0] === "sudo" ? words.slice(1) : words;
    if (program !== "apikey" || command === "service") return words;
    const end = words.indexOf("--");
    return words.toSpliced(end < 0 ? words.length : end, 0, ...flags);
  }).map((words) => words.join(" ")).join(" && ");
}

function describe(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ severity, text, remedy, command }) => [
    `${`${severity}:`.padEnd(9)}${printable(text, MAX_LINE)}`,
    ...(remedy === command ? [] : [`         ${printable(remedy, MAX_LINE)}`]),
    ...(command === undefined ? [] : [`         $ ${printable(command, MAX_LINE)}`]),
  ]);
  const counts = (["error", "warning", "hint"] as const).map((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return `${number} ${severity}${number === 1 ? "" : "s"}`;
  });
  return [...lines, counts.join(", ")].map((line) => `${line}\n`).join("");
}
