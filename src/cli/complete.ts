import type { Key } from "../protocol/keys.ts";
import { parseArguments } from "./arguments.ts";
import { type Candidate, type Completion, completionOf, type ListKeys } from "./candidates.ts";
import type { CommandContext, CommandSpec } from "./command.ts";
import { escapeForBash, readBashLine } from "./bash_line.ts";
import { targetSettings } from "./settings.ts";

/** Somebody waits with a finger on the Tab key: a daemon that does not answer is as good as none. */
const TIMEOUT_MS = 3_000;

/**
 * What the scripts of `apikey completion` ask for, `__complete bash LINE BREAKS HOME` or
 * `__complete zsh|fish WORD…`: what the last word may become. The first line of the answer is its
 * kind, each further one a candidate, after a tab what to say of it.
 *
 * Nothing goes wrong that a shell would have to show, and nothing is written anywhere.
 */
export async function complete(
  commands: readonly CommandSpec[],
  [shell = "", ...rest]: readonly string[],
  context: CommandContext,
  timeoutMs = TIMEOUT_MS,
): Promise<number> {
  try {
    const answer = shell === "bash" ? answerBash : answerWords;
    const keysFor: ListKeys = (command, args) =>
      withinTime(listKeys(command, args, context).catch(() => []), timeoutMs);
    const lines = await answer(rest, (words) => completionOf(commands, words, keysFor), shell);
    context.print(lines.map((line) => `${line}\n`).join(""));
  } catch {
    // A prompt is no place for messages.
  }
  return 0;
}

type Ask = (words: readonly string[]) => Promise<Completion>;

/** Bash hands over its line, and puts in what it gets as it is: hence in bash's own quotes. */
async function answerBash([line = "", breaks = "", home = ""]: readonly string[], ask: Ask) {
  const { words, quote, keptLength, isRedirected } = readBashLine(line, breaks, home);
  if (isRedirected) return ["files"];
  const { kind, prefix, candidates } = await ask(words.slice(1));
  const typed = words.at(-1) ?? "";
  const kept = typed.slice(0, keptLength).toLowerCase();
  const texts = candidates.map(({ value }) => `${prefix}${value}`).filter((text) =>
    text.toLowerCase().startsWith(typed.toLowerCase()) && text.toLowerCase().startsWith(kept)
  );
  return [kind, ...texts.map((text) => escapeForBash(text.slice(keptLength), quote))];
}

/** These two choose among candidates, and quote them, by themselves. */
async function answerWords(words: readonly string[], ask: Ask, shell: string) {
  const { kind, prefix, candidates } = await ask(words);
  // To fish a word is one word; zsh has cut off the option.
  const before = shell === "fish" ? prefix : "";
  const line = ({ value, description }: Candidate) => `${before}${value}\t${description}`;
  return [kind, ...candidates.map(line)];
}

async function listKeys(
  command: CommandSpec,
  args: readonly string[],
  context: CommandContext,
): Promise<readonly Key[]> {
  const settings = await targetSettings(parseArguments(command, args), context);
  // Nobody has done anything that belongs on record.
  const client = await context.connect({ ...settings, auditLog: "none" });
  return await client.listKeys();
}

function withinTime(
  keys: Promise<readonly Key[]>,
  timeoutMs: number,
): Promise<readonly Key[]> {
  const { promise, resolve } = Promise.withResolvers<readonly Key[]>();
  const timer = setTimeout(() => resolve([]), timeoutMs);
  return Promise.race([keys, promise]).finally(() => clearTimeout(timer));
}
