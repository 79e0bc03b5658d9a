import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { findImports } from "./imports.ts";
import type { Import } from "./imports.ts";
import { blank } from "./source.ts";

export interface SourceFile {
  /** Relative to the project's folder, with slashes: `src/model/alias.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Which layers a layer may import, besides itself and those open to all. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  model: [],
  protocol: [],
  cli: ["client", "protocol"],
  client: ["protocol"],
  daemon: ["api"],
  api: ["service", "protocol"],
  service: ["keystore", "audit"],
  audit: [],
  install: [],
  log: [],
  keystore: ["pkcs12", "x509"],
  pkcs12: [],
  x509: [],
  platform: [],
};

/** Open to every layer: files directly in src (except composition roots), and model. */
const OPEN = ["shared", "model"];

/** The only layer that may import a package, where there is one. */
const PACKAGE_OWNERS: Readonly<Record<string, string>> = {
  "pkijs": "pkcs12",
  "asn1js": "pkcs12",
  "@peculiar/x509": "x509",
};

/** The composition roots: of the executable, and of programs that use the package. */
const ROOTS = ["main.ts", "client.ts"];

/** What only platform/ and composition roots may touch. */
const SYSTEM_MODULES = ["node:ffi", "node:process", "process"];
const SYSTEM_GLOBAL = /(?<![\w$.])(?:globalThis\s*\.\s*)?(?:Deno|process)\s*(?:\?\.|\.|\[)/;

export function readSources(root: string): SourceFile[] {
  const paths = globSync("src/**/*.ts", { cwd: root }).sort();
  return paths.map((path) => ({
    path: path.replaceAll("\\", "/"),
    text: readFileSync(join(root, path), "utf8"),
  }));
}

/** What in these files goes against the layers of DESIGN.md, one line each; none: an empty list. */
export function findViolations(files: readonly SourceFile[]): string[] {
  const graph = new Map<string, readonly string[]>();
  const violations: string[] = [];
  for (const file of files) {
    const imports = findImports(file.text);
    const reasons = imports.map((item) => judgeImport(file.path, item));
    reasons.push(judgeGlobals(file));
    for (const reason of reasons) {
      if (reason !== undefined) violations.push(`${file.path}: ${reason}`);
    }
    graph.set(file.path, imports.map((item) => resolveImport(file.path, item)).filter(isInSource));
  }
  return [...violations, ...findCycles(graph)];
}

function judgeImport(path: string, item: Import): string | undefined {
  const from = layerOf(path);
  const to = resolveImport(path, item);
  if (!isInSource(to)) return judgePackage(from, to);
  const layer = layerOf(to);
  if (layer === "main" && from !== "main") return `nothing may import ${to.slice("src/".length)}`;
  if (from === "main" || from === layer || OPEN.includes(layer)) return undefined;
  if (layer === "platform") {
    return item.typeOnly
      ? undefined
      : `only composition roots may import values of platform (${to})`;
  }
  const allowed = ARROWS[from];
  if (allowed === undefined) return `unknown layer ${from}`;
  return allowed.includes(layer) ? undefined : `${from} may not import ${layer} (${to})`;
}

function judgePackage(from: string, specifier: string): string | undefined {
  if (SYSTEM_MODULES.includes(specifier) && !isSystemLayer(from)) {
    return `only platform/ and composition roots may import ${specifier}`;
  }
  for (const [name, owner] of Object.entries(PACKAGE_OWNERS)) {
    const imported = specifier === name || specifier.startsWith(`${name}/`);
    if (imported && from !== owner) return `only ${owner}/ may import ${name}`;
  }
  return undefined;
}

function judgeGlobals({ path, text }: SourceFile): string | undefined {
  if (isSystemLayer(layerOf(path))) return undefined;
  const found = SYSTEM_GLOBAL.exec(blank(text).withoutCommentsAndStrings);
  return found === null ? undefined : `only platform/ and composition roots may use ${found[0]}`;
}

/** A path such as `src/model/alias.ts` for a file, the specifier as it is for all else. */
function resolveImport(path: string, { specifier }: Import): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
}

function isInSource(path: string): boolean {
  return path.startsWith("src/");
}

function layerOf(path: string): string {
  const [, first = "", second] = path.split("/");
  if (second !== undefined) return first;
  return ROOTS.includes(first) ? "main" : "shared";
}

function isSystemLayer(layer: string): boolean {
  return layer === "platform" || layer === "main";
}

/** Each file from which a chain of imports leads back to itself, once, with that chain. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, chain: readonly string[]) => {
    const start = chain.indexOf(path);
    if (start >= 0) cycles.push(`cycle: ${[...chain.slice(start), path].join(" -> ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...chain, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
