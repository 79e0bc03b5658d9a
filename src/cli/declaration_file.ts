import * as v from "valibot";
import type { Document, LineCounter, Node, YAMLMap } from "yaml";
import { AppError } from "../errors.ts";
import { printable } from "../model/printable.ts";
import { type Declaration, declarationSchema, declaredKeySchema } from "./declaration.ts";
import { nameOf } from "./input.ts";
import { NESTED_TOO_DEEPLY, parseYaml, suggestField } from "./yaml_document.ts";

/**
 * Reads YAML 1.2, of which JSON is a part.
 *
 * @param path for messages
 * @throws AppError ERR_USAGE naming the line
 */
export async function parseDeclaration(text: string, path: string): Promise<Declaration> {
  const refuse = (reason: string) =>
    new AppError("ERR_USAGE", `cannot read ${printable(nameOf(path))}: ${reason}`);
  const { document, lines, problems: [problem] } = await parseYaml(text);
  if (problem !== undefined) throw refuse(problem.text + placeOf(lines, problem.offset));
  const value = valueOf(document, refuse);
  if (value === null || value === undefined) throw refuse("it is empty");
  const result = v.safeParse(declarationSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = findPlace(document, keysTo(issue));
  throw refuse(describe(issue) + placeOf(lines, place));
}

function valueOf(document: Document.Parsed, refuse: (reason: string) => AppError): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (/^Unresolved/.test((error as Error).message)) throw refuse("an anchor is not there");
    // Aliases of aliases without end.
    throw refuse(NESTED_TOO_DEEPLY.text);
  }
}

type Issue = v.InferIssue<typeof declarationSchema>;
type PathKey = string | number;

function keysTo({ path }: Issue): PathKey[] {
  return path?.map(({ key }) => key as PathKey) ?? [];
}

function describe(issue: Issue): string {
  const path = printable(formatPath(keysTo(issue)));
  if (issue.type !== "strict_object") return `${path}: ${issue.message}`;
  if (issue.expected === "never") return `${path}: unknown field${advice(issue)}`;
  if (issue.received === "undefined") return `${path} is missing`;
  return `${path || "the whole"}: expected a mapping`;
}

/** `keys[3].scope` */
function formatPath(keys: readonly PathKey[]): string {
  const text = keys.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("");
  return text.replace(/^\./, "");
}

function advice(issue: Issue): string {
  const keys = keysTo(issue);
  const schema = keys.length > 1 ? declaredKeySchema : declarationSchema;
  const known = Object.keys(schema.entries);
  return suggestField(String(keys.at(-1)), known);
}

/** Where something begins, or what it is missing from. */
function findPlace(document: Document.Parsed, path: readonly PathKey[]): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(document, path.slice(0, length));
    if (node?.range) return node.range[0];
  }
  return undefined;
}

/** A field's name rather than its value, which may begin on another line. */
function nodeAt(document: Document.Parsed, path: readonly PathKey[]): Node | undefined {
  const name = path.at(-1);
  const parent = document.getIn(path.slice(0, -1), true) as Partial<YAMLMap> | undefined;
  if (typeof name !== "string") return document.getIn(path, true) as Node | undefined;
  const pair = parent?.items?.find(({ key }) => (key as { value?: unknown })?.value === name);
  return pair?.key as Node | undefined;
}

function placeOf(lines: LineCounter, offset: number | undefined): string {
  if (offset === undefined) return "";
  const { line, col } = lines.linePos(offset);
  return ` (line ${line}, column ${col})`;
}
