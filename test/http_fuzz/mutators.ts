import type { Random } from "../fuzz/random.ts";

/** Changes of what a request says, rather than of its octets. */
const MUTATORS: Readonly<Record<string, (text: string, random: Random) => string>> = {
  "bare LF": (text, random) => replaceOne(text, "\r\n", "\n", random),
  "bare CR": (text, random) => replaceOne(text, "\r\n", "\r", random),
  "all bare LF": (text) => text.replaceAll("\r\n", "\n"),
  "folded": (text, random) => replaceOne(text, "\r\n", `\r\n${random.pick([" ", "\t"])}`, random),
  "blank before the colon": (text, random) => replaceOne(text, ": ", " : ", random),
  "no colon": (text, random) => replaceOne(text, ": ", " ", random),
  "tab after the colon": (text, random) => replaceOne(text, ": ", ":\t", random),
  "line twice": (text, random) => changeLine(text, random, (line) => `${line}\r\n${line}`),
  "line gone": (text, random) => changeLine(text, random, () => undefined),
  "line empty": (text, random) => changeLine(text, random, () => ""),
  "case": (text, random) => changeLine(text, random, (line) => line.toUpperCase()),
  "control character": (text, random) =>
    changeLine(text, random, (line) => `${line}${random.pick(["\0", "\b", "\x7f", "\x80", "\v"])}`),
  "long line": (text, random) => changeLine(text, random, (line) => line + "a".repeat(17_000)),
  "many lines": (text) => text.replace("\r\n", `\r\n${"A: b\r\n".repeat(2_100)}`),
  "blank lines before": (text, random) => "\r\n".repeat(1 + random.below(20)) + text,
  "blank before": (text) => ` ${text}`,
  "another number": (text, random) =>
    text.replace(/(?<=\r\n[A-Z][A-Za-z-]+: )\d+/, () => String(random.below(200))),
  "twice all of it": (text) => text + text,
  "NUL": (text, random) => insert(text, random, "\0"),
  "CR LF": (text, random) => insert(text, random, "\r\n"),
  "UTF-8": (text, random) => insert(text, random, "\xf0\x9f\x94\x91"),
  "percent": (text, random) =>
    insert(text, random, random.pick(["%", "%0", "%0a", "%ff", "%u0041"])),
};

export function mutateText(text: string, random: Random, history: string[]): string {
  const name = random.pick(Object.keys(MUTATORS));
  history.push(name);
  return MUTATORS[name]?.(text, random) ?? text;
}

function replaceOne(text: string, from: string, to: string, random: Random): string {
  const parts = text.split(from);
  if (parts.length < 2) return text;
  const at = 1 + random.below(parts.length - 1);
  return parts.slice(0, at).join(from) + to + parts.slice(at).join(from);
}

function changeLine(
  text: string,
  random: Random,
  change: (line: string) => string | undefined,
): string {
  const lines = text.split("\r\n");
  const at = random.below(lines.length);
  const changed = change(lines[at] ?? "");
  return [
    ...lines.slice(0, at),
    ...(changed === undefined ? [] : [changed]),
    ...lines.slice(at + 1),
  ]
    .join("\r\n");
}

function insert(text: string, random: Random, what: string): string {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + what + text.slice(at);
}
