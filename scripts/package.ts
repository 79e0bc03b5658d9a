/**
 * npm run package: dist/packages, what a release consists of. The same source makes the same files,
 * byte for byte, wherever and whenever that is done.
 */
import { mkdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { execute } from "./execute.ts";
import { makeDeb } from "./package/deb.ts";
import { type Release, sourceDateEpoch } from "./package/release.ts";
import { nodePath, ROOT } from "./runtimes.ts";
import { isOwn, parseTarget, type Target, TARGETS } from "./targets.ts";

const USAGE =
  `usage: npm run package [-- [--only FORMAT] [--target PLATFORM] [--version VERSION] [--out FOLDER]
       [--executable FILE] [--quick]]

  --only FORMAT      deb alone
  --target PLATFORM  for ${Object.keys(TARGETS).join(", ")} alone; else for all of them
  --version VERSION  call it this in place of ${packageJson.version}
  --executable FILE  is built already, for the one platform
  --quick            compress little`;

const ARCHITECTURES = { "linux-x64": "amd64", "linux-arm64": "arm64" } as const;

try {
  await main();
} catch (error) {
  console.error(`cannot package: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = readArguments();
  const { targets, release, folder, isQuick } = options;
  mkdirSync(folder, { recursive: true });
  for (const target of targets) {
    const executable = options.executable ?? await build(target, release);
    const architecture = ARCHITECTURES[target.name as keyof typeof ARCHITECTURES];
    if (architecture !== undefined) {
      told(await makeDeb({ release, architecture, executable, folder, isQuick }));
    }
  }
}

function told(path: string): void {
  console.log(relative(process.cwd(), path));
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
  return {
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
  return out;
}
