import { isPrintable, printable } from "../model/printable.ts";
import type { Key } from "../protocol/keys.ts";
import type { CommandSpec } from "./command.ts";
import { placeOf } from "./completion_place.ts";

export interface Candidate {
  readonly value: string;
  /** Printable, and may be empty. */
  readonly description: string;
}

export interface Completion {
  /** Of files and folders the shell knows more than this program. */
  readonly kind: "words" | "files" | "folders";
  /** `--alias=` where the value is part of the word. */
  readonly prefix: string;
  readonly candidates: readonly Candidate[];
}

/** The keys that a command would work on, given the arguments so far. */
export type ListKeys = (command: CommandSpec, args: readonly string[]) => Promise<readonly Key[]>;

const MAX_DESCRIPTION_CHARACTERS = 60;

/** What the last word of a command line may become, whatever it begins with. */
export async function completionOf(
  commands: readonly CommandSpec[],
  words: readonly string[],
  listKeys: ListKeys,
): Promise<Completion> {
  const before = words.slice(0, -1);
  const word = words.at(-1) ?? "";
  if (before[0] === "help") return offer(commandWords(commands, before.slice(1)));
  const names = [2, 1].map((count) => before.slice(0, count).join(" "));
  const command = commands.find(({ name }) => names.includes(name));
  if (command === undefined) {
    const options = before.length === 0 && word.startsWith("-") ? GLOBAL_OPTIONS : [];
    return offer([...commandWords(commands, before), ...options]);
  }
  const args = before.slice(command.name.split(" ").length);
  const place = placeOf(command, args, word);
  if (place.options !== undefined) {
    const flags = place.options.map(({ name, description }) => ({
      value: `--${name}`,
      description,
    }));
    return offer([...flags, HELP]);
  }
  const { subject, prefix } = place;
  if (FILES.includes(subject.value)) return { kind: "files", prefix, candidates: [] };
  if (subject.value === "FOLDER") return { kind: "folders", prefix, candidates: [] };
  if (subject.choices !== undefined) return offer(subject.choices.map(bare), prefix);
  const candidatesOf = LIVE[subject.value];
  if (candidatesOf === undefined) return offer([], prefix);
  const keys = await listKeys(command, place.settled);
  const candidates = candidatesOf(keys, command).filter(({ value }) => isPrintable(value));
  return offer(candidates.filter(({ value }) => place.takesDash || !value.startsWith("-")), prefix);
}

function offer(candidates: readonly Candidate[], prefix = ""): Completion {
  return { kind: "words", prefix, candidates };
}

function bare(value: string): Candidate {
  return { value, description: "" };
}

const FILES = ["FILE", "PATH", "LOG"];

const HELP: Candidate = { value: "--help", description: "Show what there is, with examples" };
const GLOBAL_OPTIONS = [HELP, { value: "--version", description: "Show the version" }];

/** Names of commands, or what follows the name of a group. */
function commandWords(commands: readonly CommandSpec[], before: readonly string[]): Candidate[] {
  const found = new Map<string, string>();
  for (const { name, summary } of commands) {
    const words = name.split(" ");
    const word = words[before.length];
    if (word === undefined || words.slice(0, before.length).join(" ") !== before.join(" ")) {
      continue;
    }
    const isGroup = words.length > before.length + 1;
    const inGroup = commands.filter((other) => other.name.startsWith(`${name.split(" ")[0]} `));
    const others = inGroup.map((other) => other.name.split(" ").at(-1)).join(", ");
    found.set(word, isGroup ? others : summary);
  }
  return [...found].map(([value, description]) => ({ value, description }));
}

type CandidatesOf = (keys: readonly Key[], command: CommandSpec) => Candidate[];

/** What is taken from the keys that there are. */
const LIVE: Readonly<Record<string, CandidatesOf>> = {
  ALIAS: (keys, { suits }) =>
    // No request could name these.
    keys.filter((key) => !["", ".", ".."].includes(key.alias) && (suits?.(key) ?? true))
      .map((key) => ({ value: key.alias, description: describe(key) })),
  SCOPE: (keys) => distinct(keys.flatMap(({ scopes }) => scopes)),
  NAME: (keys) => distinct(keys.flatMap(({ owner }) => owner ?? [])),
};

function distinct(values: readonly string[]): Candidate[] {
  return [...new Set(values)].sort().map(bare);
}

function describe({ description, disabled, expired, replacedBy }: Key): string {
  const state = expired ? "expired" : disabled ? "disabled" : replacedBy && "replaced";
  const text = [state, description].filter(Boolean).join(": ");
  return printable(text, MAX_DESCRIPTION_CHARACTERS);
}
