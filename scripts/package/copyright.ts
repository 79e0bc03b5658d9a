import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../runtimes.ts";
import { ownTarget } from "../targets.ts";
import { type BundledPackage, bundledPackages } from "./bundled_packages.ts";
import type { Release } from "./release.ts";

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

${inventory(await bundledPackages(release.version))}`;
}

/** The licences of all that is in the executable and not the project's, word by word. */
export async function notices(release: Release): Promise<string> {
  const packages = await bundledPackages(release.version);
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
