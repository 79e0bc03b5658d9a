import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";

/** The project's folder. */
export const ROOT = dirname(import.meta.dirname);

/**
 * Node: the one running this, or under Deno the one that npm installed. Not the machine's, whose
 * version may be any.
 */
export function nodePath(): string {
  if (!isDeno()) return process.execPath;
  return join(ROOT, "node_modules", ".bin", "node");
}

/**
 * Deno: the executable itself and not its npm wrapper, which passes no signals on.
 * @throws Error when npm installed none for this platform
 */
export function denoPath(): string {
  if (isDeno()) return process.execPath;
  const folder = join(ROOT, "node_modules", "@deno");
  const name = process.platform === "win32" ? "deno.exe" : "deno";
  const [platform] = readdirSync(folder);
  if (platform === undefined) throw new Error(`no Deno in ${folder}: run npm ci`);
  return join(folder, platform, name);
}

export function tscPath(): string {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  return join(dirname(manifest), "bin", "tsc");
}

/** The linter of API descriptions. */
export function redoclyPath(): string {
  const manifest = createRequire(import.meta.url).resolve("@redocly/cli/package.json");
  return join(dirname(manifest), "bin", "cli.js");
}

function isDeno(): boolean {
  return process.versions["deno"] !== undefined;
}
