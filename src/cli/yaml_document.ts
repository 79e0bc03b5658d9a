import { closestMatch } from "leven";
import type { Document, LineCounter } from "yaml";
import { printable } from "../model/printable.ts";

/** What is wrong with a text, and where: lines and columns count from 1. */
export interface TextProblem {
  readonly text: string;
  readonly offset: number | undefined;
}

export interface YamlDocument {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** In the order of the text; where there are any, the document is not to be gone by. */
  readonly problems: readonly TextProblem[];
}

export const NESTED_TOO_DEEPLY: TextProblem = {
  text: "it is nested too deeply, or refers to itself too often",
  offset: undefined,
};

/** YAML 1.2, of which JSON is a part: one document without tags of its own. */
export async function parseYaml(text: string): Promise<YamlDocument> {
  const { LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const parse = (yaml: string) =>
    parseDocument(yaml, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  try {
    const document = parse(text);
    return { document, lines, problems: [...document.errors, ...document.warnings].map(problemOf) };
  } catch {
    // Brackets that no stack is deep enough for.
    return { document: parse(""), lines, problems: [NESTED_TOO_DEEPLY] };
  }
}

function problemOf(
  { code, message, pos }: { code: string; message: string; pos: [number, number] },
): TextProblem {
  if (/call stack/.test(message)) return NESTED_TOO_DEEPLY;
  if (code === "MULTIPLE_DOCS") return { text: "it is more than one document", offset: pos[0] };
  return { text: printable(message), offset: pos[0] };
}

/** What to say behind the name of an unknown field. */
export function suggestField(name: string, known: readonly string[]): string {
  const nearest = closestMatch(name, known, { maxDistance: 3 });
  return nearest === undefined ? "" : `; did you mean '${nearest}'?`;
}
