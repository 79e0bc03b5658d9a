import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../scripts/runtimes.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";

/** A command line, and what is shown of its output. */
export interface Step {
  readonly command: string;
  /** "" where nothing is. */
  readonly shown: string;
}

/** What is typed one after another, in one place. */
export interface Session {
  /** Where it is documented. */
  readonly about: string;
  readonly steps: readonly Step[];
}

/** Each example of `--help` by itself: the manual pages and the reference have the same. */
function examplesOfHelp(): Session[] {
  return COMMANDS.flatMap(({ name, examples }) =>
    examples.map((command) => ({ about: `${name} --help`, steps: [{ command, shown: "" }] }))
  );
}

/** Each console block of a document. */
function consoleBlocks(document: string): Session[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/^```console\n([^]*?)^```$/gm)].map(([, block = ""]) => ({
    about: document,
    steps: block.split(/^\$ /m).slice(1).map(readStep),
  }));
}

/** A line that ends in a backslash goes on; what comes behind a `#` is for people. */
function readStep(text: string): Step {
  const [, typed = "", shown = ""] = /^((?:.*\\\n)*.*)\n([^]*)$/.exec(text) ?? [];
  return { command: typed.replace(/ +# .*$/, ""), shown };
}

/** Everything that somebody might copy from what is documented, once each. */
export function documentedSessions(): readonly Session[] {
  const documents = ["README.md", ...globSync("src/**/README.md", { cwd: ROOT }).sort()];
  const ofHelp = examplesOfHelp();
  const known = new Set(ofHelp.flatMap(({ steps }) => steps.map(({ command }) => command)));
  const others = documents.flatMap(consoleBlocks)
    .filter(({ steps }) => steps.some(({ command }) => !known.has(command)));
  return [...ofHelp, ...others];
}

/** The first declaration of keys that is shown. */
export function documentedDeclaration(): string {
  const text = readFileSync(join(ROOT, "src", "cli", "README.md"), "utf8");
  const [, declaration] = /^```yaml\n(version: 1\n[^]*?)^```$/m.exec(text) ?? [];
  if (declaration === undefined) throw new Error("no declaration is documented");
  return declaration;
}

/** A text without what is another each time: keys, and how many records there are. */
export function withoutChance(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "KEY")
    .replace(/\*{20}[0-9a-f]{4}\b/g, "MASKED")
    .replace(/\b\d+ records, 1 to \d+,/g, "ALL records,");
}
