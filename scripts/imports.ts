import { blank } from "./source.ts";

export interface Import {
  readonly specifier: string;
  /** Whether it leaves no trace at run time. */
  readonly typeOnly: boolean;
}

/** `import … from "x"`, `import "x"`, `export … from "x"`: a statement starts a line. */
const STATEMENT =
  /^(?:import|export)\b(?<type>\s+type\b(?!\s*(?:,|from\b)))?[^"';=()]*?["'](?<specifier>[^"']+)["']/gm;

/** `import("x")`, as a value or, before a dot and a capital letter, as a type. */
const CALL = /\bimport\s*\(\s*["'](?<specifier>[^"']+)["']\s*,?\s*\)(?<type>\.[A-Z])?/g;

/** All that a TypeScript file imports: as types, as values, and when it runs. */
export function findImports(source: string): Import[] {
  const text = blank(source).withoutComments;
  return [...text.matchAll(STATEMENT), ...text.matchAll(CALL)].map(({ groups }) => ({
    specifier: groups?.["specifier"] ?? "",
    typeOnly: groups?.["type"] !== undefined,
  }));
}
