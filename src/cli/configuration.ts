import { isUtf8 } from "node:buffer";
import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { printable } from "../model/printable.ts";
import { ALL_SETTINGS, type Setting } from "./setting_table.ts";
import { parseYaml, suggestField } from "./yaml_document.ts";

/** What a configuration file says. */
export interface Configuration {
  readonly path: string;
  /** By the key of their setting; each is a value of that setting. */
  readonly fields: ReadonlyMap<string, ConfiguredField>;
}

export interface ConfiguredField {
  /** As it is written, without the quotes. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Lines and columns count from 1. */
export interface ConfigurationProblem {
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** Whether no line alone is to blame. */
  readonly isOfWhole?: true;
}

export interface ParsedConfiguration {
  readonly fields: ReadonlyMap<string, ConfiguredField>;
  /** In the order of the text. */
  readonly problems: readonly ConfigurationProblem[];
}

type Yaml = typeof import("yaml");

/** Reads what {@link ALL_SETTINGS} describe, and finds everything that is wrong. */
export async function parseConfiguration(octets: Uint8Array): Promise<ParsedConfiguration> {
  const text = new TextDecoder().decode(octets);
  if (!isUtf8(octets)) return { fields: new Map(), problems: [notUtf8(text)] };
  if (text.trim() === "") return { fields: new Map(), problems: [EMPTY] };
  if (saysNothing(text)) return { fields: new Map(), problems: [] };
  const { document, lines, problems } = await parseYaml(text);
  const place = (offset = 0) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (problems.length > 0) {
    const found = problems.map(({ text, offset }): ConfigurationProblem => ({
      ...place(offset),
      text,
      ...(offset === undefined ? { isOfWhole: true } : {}),
    }));
    return { fields: new Map(), problems: firstOfEachLine(found) };
  }
  const reader = new FieldReader(await import("yaml"), document, place);
  reader.readAll();
  return { fields: reader.fields, problems: reader.problems };
}

/** A parser that has lost its way goes on complaining. */
function firstOfEachLine(problems: readonly ConfigurationProblem[]): ConfigurationProblem[] {
  const first = new Map<number, ConfigurationProblem>();
  for (const problem of problems) {
    if (!first.has(problem.line)) first.set(problem.line, problem);
  }
  return [...first.values()];
}

/** Nothing but comments, which takes no parser: such a file is what packages install. */
function saysNothing(text: string): boolean {
  return text.split("\n").every((line) => /^\s*(#|$)/.test(line));
}

/** Somebody may have been cut off while writing it. */
const EMPTY: ConfigurationProblem = {
  line: 1,
  column: 1,
  text: "the file is empty: remove it, or put a comment into it",
  isOfWhole: true,
};

/** @param text in which U+FFFD stands for what is none */
function notUtf8(text: string): ConfigurationProblem {
  const before = text.slice(0, text.indexOf("\ufffd")).split("\n");
  return {
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    text: "it is no UTF-8 text",
    isOfWhole: true,
  };
}

class FieldReader {
  readonly #yaml: Yaml;
  readonly #document: Document.Parsed;
  readonly #place: (offset?: number) => { readonly line: number; readonly column: number };
  readonly fields = new Map<string, ConfiguredField>();
  readonly problems: ConfigurationProblem[] = [];

  constructor(
    yaml: Yaml,
    document: Document.Parsed,
    place: (offset?: number) => { readonly line: number; readonly column: number },
  ) {
    this.#yaml = yaml;
    this.#document = document;
    this.#place = place;
  }

  readAll(): void {
    this.#readMapping(this.#document.contents, "");
  }

  /** @param prefix of the keys in there: `limits.` */
  #readMapping(value: Node | null, prefix: string): void {
    // Where all that is in it is commented out nothing is said.
    if (isNothing(value)) return;
    const mapping = this.#resolve(value);
    if (!this.#yaml.isMap(mapping)) {
      if (prefix !== "") {
        return this.#complain(value, `${prefix.slice(0, -1)}: expected a mapping`);
      }
      const text = "expected settings, such as logLevel: info";
      this.problems.push({ ...this.#place(), text, isOfWhole: true });
      return;
    }
    for (const pair of (mapping as YAMLMap<Node, Node | null>).items) this.#readField(pair, prefix);
  }

  #readField({ key, value }: Pair<Node, Node | null>, prefix: string): void {
    const name = this.#yaml.isScalar(key) ? String(key.value) : "?";
    const path = prefix + name;
    const known = fieldsBehind(prefix);
    if (!known.includes(name)) {
      const advice = suggestField(name, known);
      return this.#complain(key, `${printable(path)}: unknown field${advice}`);
    }
    const setting = ALL_SETTINGS.find((each) => each.key === path);
    if (setting === undefined) this.#readMapping(value, `${path}.`);
    else this.#readValue(setting, key, value);
  }

  #readValue(setting: Setting<unknown>, key: Node, value: Node | null): void {
    const { kind } = setting;
    const node = this.#resolve(value);
    const scalar = this.#yaml.isScalar(node) ? node : undefined;
    const text = scalar && textOf(scalar, kind.scalars);
    if (text === undefined || kind.parse(text, "file") === undefined) {
      const expected = kind.expectedInFile ?? kind.expected;
      return this.#complain(isNothing(value) ? key : value, `${setting.key}: expected ${expected}`);
    }
    this.fields.set(setting.key, { text, ...this.#place(key.range?.[0]) });
  }

  #resolve(node: Node | null): Node | null | undefined {
    return this.#yaml.isAlias(node) ? node.resolve(this.#document) : node;
  }

  #complain(at: Node | null, text: string): void {
    this.problems.push({ ...this.#place(at?.range?.[0]), text });
  }
}

/** `limits:` with nothing behind it. */
function isNothing(node: Node | null): boolean {
  return node === null || (node as Partial<Scalar>).value === null;
}

/** @returns undefined for a scalar of another type; a number as it is written */
function textOf(
  { value, source }: Scalar,
  types: readonly ("string" | "number")[],
): string | undefined {
  if (typeof value === "string") return types.includes("string") ? value : undefined;
  return typeof value === "number" && types.includes("number") ? source : undefined;
}

/** The names that may stand behind a prefix. */
function fieldsBehind(prefix: string): string[] {
  const keys = ALL_SETTINGS.map(({ key }) => key).filter((key) => key.startsWith(prefix));
  return [...new Set(keys.map((key) => key.slice(prefix.length).split(".")[0] ?? ""))];
}
