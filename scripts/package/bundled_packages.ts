import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../bundle.ts";
import { ROOT } from "../runtimes.ts";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json names it. */
  readonly license: string;
  /** Relative to the project's, with slashes: `node_modules/cac`. */
  readonly folder: string;
  /** The text that its package has. */
  readonly licenseText: string;
}

/** The npm packages of which something is in the executable, by name. */
export function bundledPackages(version: string): Promise<readonly BundledPackage[]> {
  return found ??= findPackages(version);
}

/** They are asked for several times, and the same each time. */
let found: Promise<readonly BundledPackage[]> | undefined;

async function findPackages(version: string): Promise<BundledPackage[]> {
  const folder = mkdtempSync(join(tmpdir(), "apikey-bundle-"));
  try {
    const inputs = await bundle(join(folder, "bundle.cjs"), version);
    const folders = inputs.flatMap((path) => {
      return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [];
    });
    return [...new Set(folders)].sort().map(describePackage);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describePackage(folder: string): BundledPackage {
  const path = join(ROOT, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const file = readdirSync(path).find((entry) => /^licen[cs]e([.-].*)?$/i.test(entry));
  if (file === undefined) throw new Error(`${folder} has no text of its licence`);
  const licenseText = readFileSync(join(path, file), "utf8").trim();
  return { name, version, license, folder, licenseText };
}
