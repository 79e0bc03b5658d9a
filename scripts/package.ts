/**
 * npm run package: dist/packages, what a release consists of. The same source makes the same files,
 * byte for byte, wherever and whenever that is done.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { execute } from "./execute.ts";
import { type ArchiveOptions, makeArchive } from "./package/archive.ts";
import { makeDeb } from "./package/deb.ts";
import { type Release, sourceDateEpoch } from "./package/release.ts";
import { makeRpm } from "./package/rpm.ts";
import { billOfMaterials } from "./package/sbom.ts";
import { nodePath, ROOT } from "./runtimes.ts";
import { isOwn, parseTarget, type Target, TARGETS } from "./targets.ts";

const USAGE =
  `usage: npm run package [-- [--only FORMAT] [--target PLATFORM] [--version VERSION] [--out FOLDER]
       [--executable FILE] [--quick]]

  --only FORMAT      deb, rpm or archive alone, without checksums
  --target PLATFORM  for ${Object.keys(TARGETS).join(", ")} alone; else for all of them
  --version VERSION  call it this in place of ${packageJson.version}
  --executable FILE  is built already, for the one platform
  --quick            compress little`;

interface Architecture {
  readonly deb: "amd64" | "arm64";
  readonly rpm: "x86_64" | "aarch64";
}

/** What Debian and RPM call the processors of platforms that they are for. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  "linux-x64": { deb: "amd64", rpm: "x86_64" },
  "linux-arm64": { deb: "arm64", rpm: "aarch64" },
};

const FORMATS = ["deb", "rpm", "archive"] as const;

try {
  await main();
} catch (error) {
  console.error(`cannot package: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = readArguments();
  const { targets, release, folder, formats } = options;
  mkdirSync(folder, { recursive: true });
  const made: string[] = [];
  for (const target of targets) {
    const executable = options.executable ?? await build(target, release);
    for (const format of formats) {
      const path = await make(format, { ...options, target, executable });
      if (path !== undefined) made.push(told(path));
    }
  }
  if (formats.length < FORMATS.length) return;
  const bom = join(folder, `apikey-${release.version}.cdx.json`);
  writeFileSync(bom, await billOfMaterials(release));
  made.push(told(bom));
  const sums = join(folder, "SHA256SUMS");
  writeFileSync(sums, made.map(checksum).sort().join(""));
  told(sums);
}

/** @returns undefined where there is no such package */
async function make(
  format: (typeof FORMATS)[number],
  options: ArchiveOptions,
): Promise<string | undefined> {
  if (format === "archive") return await makeArchive(options);
  const architecture = ARCHITECTURES[options.target.name];
  if (architecture === undefined) return undefined;
  return format === "deb"
    ? await makeDeb({ ...options, architecture: architecture.deb })
    : await makeRpm({ ...options, architecture: architecture.rpm });
}

/** As `sha256sum --check` reads it. */
function checksum(path: string): string {
  const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
  return `${digest}  ${basename(path)}\n`;
}

function told(path: string): string {
  console.log(relative(process.cwd(), path));
  return path;
}

function readArguments() {
  const { values } = parse();
  const targets = values.target === undefined
    ? Object.keys(TARGETS).map(parseTarget)
    : [parseTarget(values.target)];
  const release: Release = {
    version: values.version ?? packageJson.version,
    epochSeconds: sourceDateEpoch(),
  };
  if (values.executable !== undefined && targets.length > 1) throw new Error(USAGE);
  const formats = FORMATS.filter((name) => values.only === undefined || values.only === name);
  if (formats.length === 0) throw new Error(USAGE);
  return {
    formats,
    targets,
    release,
    folder: resolve(values.out ?? join(ROOT, "dist", "packages")),
    executable: values.executable === undefined ? undefined : resolve(values.executable),
    isQuick: values.quick,
  };
}

function parse() {
  try {
    const text = { type: "string" } as const;
    return parseArgs({
      options: {
        only: text,
        target: text,
        version: text,
        out: text,
        executable: text,
        quick: { type: "boolean", default: false },
      },
    });
  } catch {
    throw new Error(USAGE);
  }
}

/** @returns its path */
async function build(target: Target, { version, epochSeconds }: Release): Promise<string> {
  const name = isOwn(target) ? "apikey" : `apikey-${target.name}`;
  const out = join(ROOT, "dist", version, `${name}${target.suffix}`);
  const script = join(import.meta.dirname, "build.ts");
  const argv = [
    ...[nodePath(), script, "--target", target.name],
    ...["--version", version, "--out", out],
  ];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds) };
  const { status, output } = await execute(argv, { cwd: ROOT, env });
  if (status !== 0) throw new Error(output);
  // What the build could not do without failing: sign for macOS, be reproducible.
  for (const [line] of output.matchAll(/^not .*$/gm)) console.error(`${target.name}: ${line}`);
  return out;
}
