import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bundle } from "../bundle.ts";
import { ROOT } from "../runtimes.ts";
import { ownTarget } from "../targets.ts";
import type { Release } from "./release.ts";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json names it. */
  readonly license: string;
  /** The text that its package has. */
  readonly licenseText: string;
}

/** The npm packages of which something is in the executable, by name. */
export async function bundledPackages({ version }: Release): Promise<BundledPackage[]> {
  const folder = mkdtempSync(join(tmpdir(), "apikey-bundle-"));
  try {
    const inputs = await bundle(join(folder, "bundle.cjs"), version);
    const found = inputs.flatMap((path) => {
      return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [];
    });
    return [...new Set(found)].sort().map(describePackage);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describePackage(folder: string): BundledPackage {
  const path = join(ROOT, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const file = readdirSync(path).find((entry) => /^licen[cs]e([.-].*)?$/i.test(entry));
  if (file === undefined) throw new Error(`${folder} has no text of its licence`);
  return { name, version, license, licenseText: readFileSync(join(path, file), "utf8").trim() };
}

/** Node's own, with those of all that is in Node. */
export function runtimeLicense(): string {
  const { package: name } = ownTarget();
  return readFileSync(join(ROOT, "node_modules", name, "LICENSE"), "utf8").trim();
}

/** What a Debian package has to say, which is where the texts are. */
export async function copyright(release: Release): Promise<string> {
  const [owner = ""] = readFileSync(join(ROOT, "LICENSE"), "utf8").split("\n");
  return `apikey ${release.version}

${owner}

Licensed under the Apache License, Version 2.0; on Debian systems its text is in
/usr/share/common-licenses/Apache-2.0.

The executable has these in it. Their licences and copyright notices are in notices.gz, beside this
file.

${inventory(await bundledPackages(release))}`;
}

/** The licences of all that is in the executable and not the project's, word by word. */
export async function notices(release: Release): Promise<string> {
  const packages = await bundledPackages(release);
  const parts = [
    `What is in the executable apikey ${release.version}, and the licences of all that:

${inventory(packages)}`,
    ...packages.map(({ name, licenseText }) => `${name}\n\n${licenseText}\n`),
    `Node.js\n\n${runtimeLicense()}\n`,
  ];
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

function inventory(packages: readonly BundledPackage[]): string {
  const lines = packages.map(({ name, version, license }) => `- ${name} ${version}: ${license}\n`);
  return `- Node.js ${process.versions.node}, with what is in that: MIT and others\n${
    lines.join("")
  }`;
}
