import { AppError, DaemonFailure, ERRORS, systemErrorCode } from "../errors.ts";
import { commandsOf, findCommand, parseArguments } from "./arguments.ts";
import type { CommandContext } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { ErrorOutput } from "./output_schemas.ts";

export interface RunContext extends CommandContext {
  /** See {@link Platform.elevation}. */
  readonly elevation: string;
  /** Takes the details of a defect, which are for developers. */
  log(error: unknown): void;
}

/** What upstream does not know has texts of its own. */
const OWN_COMMANDS: readonly string[] = ["apply", "import"];

/** These answer as the upstream tool does, whole sentences and all, without a program's name. */
const UPSTREAM_TEXTS: readonly string[] = [
  "ERR_ALIAS_EXISTS",
  "ERR_ALIAS_UNKNOWN",
  "ERR_EXPIRY_PAST",
];

/**
 * Runs one command line, without the program's own name.
 *
 * @returns the exit status; whatever went wrong has been said in one line by then
 */
export async function run(argv: readonly string[], context: RunContext): Promise<number> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    const isOwn = OWN_COMMANDS.includes(argv[0] ?? "");
    return report(error, { asJson: argv.includes("--json"), isOwn }, context);
  }
}

async function dispatch(argv: readonly string[], context: RunContext): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    (await import("./help.ts")).printHelp(COMMANDS, context.version);
    return ERRORS.ERR_USAGE.exitStatus;
  }
  if (name === "--version" || name === "-v") {
    context.print(`apikey ${context.version}\n`);
    return 0;
  }
  if (name === "__complete") {
    return await (await import("./complete.ts")).complete(COMMANDS, rest, context);
  }
  const isHelp = name === "--help" || name === "-h" || name === "help";
  const topic = isHelp ? rest.filter((word) => !word.startsWith("-")) : argv;
  if (isHelp || asksForHelp(argv)) return await help(topic, context);
  const { command, rest: args } = findCommand(COMMANDS, argv);
  return await command.run(parseArguments(command, args), context) ?? 0;
}

/** Of a command, of a group of commands, or of all. */
async function help(topic: readonly string[], { version }: RunContext): Promise<number> {
  const { printHelp } = await import("./help.ts");
  const [first = "", second = "-"] = topic;
  const group = second.startsWith("-") ? commandsOf(COMMANDS, first) : [];
  if (topic.length === 0) printHelp(COMMANDS, version);
  else if (group.length > 0) printHelp(group, version);
  else printHelp(COMMANDS, version, findCommand(COMMANDS, topic).command);
  return 0;
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const options = end < 0 ? argv : argv.slice(0, end);
  return options.includes("--help") || options.includes("-h");
}

interface Asked {
  readonly asJson: boolean;
  readonly isOwn: boolean;
}

/** The one place where an error becomes a line and an exit status. */
function report(error: unknown, asked: Asked, context: RunContext): number {
  if (isOutputError(error)) {
    const text = `cannot write to standard output: ${systemErrorCode(error)}`;
    return report(new AppError("ERR_OUTPUT", text, { cause: error }), asked, context);
  }
  const isOfDaemon = error instanceof DaemonFailure;
  const isKnown = isOfDaemon || error instanceof AppError && error.code !== "ERR_INTERNAL";
  if (!isKnown) context.log(error);
  const code = isKnown ? error.code : "ERR_INTERNAL";
  const detail = isKnown
    ? error.message + remedy(error, context)
    : "internal error: a defect in apikey";
  const { exitStatus } = ERRORS[code];
  const output: ErrorOutput = {
    code,
    exitStatus,
    detail,
    ...(isOfDaemon ? { requestId: error.requestId } : {}),
  };
  const isUpstream = !asked.isOwn && UPSTREAM_TEXTS.includes(code);
  if (asked.asJson) context.complain(JSON.stringify(output));
  else context.complain(isUpstream ? detail : `apikey: ${detail}`);
  return exitStatus;
}

/** Every other system error has been made an AppError where it was met. */
function isOutputError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.syscall === "write" &&
    systemErrorCode(error) !== undefined;
}

function remedy(error: AppError, { elevation }: RunContext): string {
  return ERRORS[error.code].exitStatus === 4 ? `; ${elevation}` : "";
}
