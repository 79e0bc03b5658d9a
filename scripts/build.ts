/**
 * npm run build: dist/apikey, one executable with Node's runtime in it, for this platform or for
 * the one that --target names; and its manual pages, dist/apikey.1 and dist/apikey-daemon.8.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { execute } from "./execute.ts";
import { fetchRuntime } from "./foreign_runtime.ts";
import { manualPages } from "./manual_pages.ts";
import { nodePath, ROOT } from "./runtimes.ts";
import { ASSETS, seaLoader, wrapBundle } from "./sea_loader.ts";
import { isOwn, ownTarget, parseTarget } from "./targets.ts";
import type { Target } from "./targets.ts";

const USAGE = "usage: npm run build [-- [--target PLATFORM] [--out FILE] [--version VERSION]]";

/** V8's own flags may make it reject the code cache of Node's modules, which doubles the start. */
const EXEC_ARGV = [
  "--disable-warning=ExperimentalWarning",
  "--disable-sigusr1",
];

try {
  await main();
} catch (error) {
  console.error(`cannot build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const started = performance.now();
  const options = readArguments();
  const { out } = options;
  mkdirSync(dirname(out), { recursive: true });
  // Beside the result, because only within one file system a rename is atomic.
  const folder = mkdtempSync(join(dirname(out), ".build-"));
  try {
    const made = await makeExecutable(options, folder);
    chmodSync(made, 0o755);
    // Node writes it in one go, which the page cache keeps in pieces of up to 2 MB; a process is
    // charged with whole pieces, 30 MB more than with those of a file that was copied or installed.
    const copy = join(folder, "copy");
    copyFileSync(made, copy);
    renameSync(copy, out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writePages(options.version);
  const megabytes = (statSync(out).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`${relative(process.cwd(), out)}  ${megabytes} MB  ${seconds} s`);
}

/** Of today, or of the day that a reproducible build names. */
function writePages(version: string): void {
  const epochSeconds = Number(process.env["SOURCE_DATE_EPOCH"] ?? Date.now() / 1_000);
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  for (const { name, text } of manualPages(version, epochSeconds)) {
    writeFileSync(join(ROOT, "dist", name), text);
  }
}

interface BuildOptions {
  readonly target: Target;
  readonly out: string;
  readonly version: string;
}

function readArguments(): BuildOptions {
  const { values } = parse();
  const target = values.target === undefined ? ownTarget() : parseTarget(values.target);
  const name = isOwn(target) ? "apikey" : `apikey-${target.name}`;
  const out = values.out ?? join(ROOT, "dist", `${name}${target.suffix}`);
  return { target, out: resolve(out), version: values.version ?? packageJson.version };
}

function parse() {
  try {
    const text = { type: "string" } as const;
    return parseArgs({ options: { target: text, out: text, version: text } });
  } catch {
    throw new Error(USAGE);
  }
}

async function makeExecutable(
  { target, version }: BuildOptions,
  folder: string,
): Promise<string> {
  const [output, config] = [join(folder, "apikey"), join(folder, "sea.json")];
  // Its path goes into the executable, as it is here: not the folder, which has another name each time.
  const main = "loader.cjs";
  writeFileSync(join(folder, main), seaLoader());
  const settings = {
    main,
    output,
    disableExperimentalSEAWarning: true,
    assets: await makeAssets({ target, version }, folder),
    execArgv: EXEC_ARGV,
    // Nothing from the environment: NODE_OPTIONS could make an administrator's command run any code.
    execArgvExtension: "none",
    ...(isOwn(target) ? {} : { executable: await fetchRuntime(target) }),
  };
  writeFileSync(config, JSON.stringify(settings));
  await run([nodePath(), "--build-sea", config], folder);
  await sign(target, output);
  return output;
}

/** The bundle and its code cache, which holds for one processor and one V8 only. */
async function makeAssets(
  { target, version }: Omit<BuildOptions, "out">,
  folder: string,
): Promise<Record<string, string>> {
  const bundled = join(folder, "bundle.cjs");
  const [wrapped, cache] = [join(folder, ASSETS.bundle), join(folder, ASSETS.cache)];
  await bundle(bundled, version);
  writeFileSync(wrapped, wrapBundle(readFileSync(bundled, "latin1")), "latin1");
  if (isOwn(target)) {
    const script = join(import.meta.dirname, "code_cache.ts");
    await run([nodePath(), ...EXEC_ARGV, script, bundled, cache], folder);
  } else {
    writeFileSync(cache, "");
  }
  return { [ASSETS.bundle]: wrapped, [ASSETS.cache]: cache };
}

/** macOS runs no executable whose signature does not match, and what was put in has broken Node's. */
async function sign(target: Target, path: string): Promise<void> {
  if (target.os !== "darwin") return;
  if (process.platform === "darwin") await run(["codesign", "--force", "--sign", "-", path]);
  else console.error(`not signed: on a Mac, run codesign --force --sign - FILE`);
}

async function run(argv: readonly string[], cwd = ROOT): Promise<void> {
  const { status, output } = await execute(argv, { cwd });
  if (status !== 0) throw new Error(`${argv.join(" ")} failed:\n${output}`);
  for (const [line] of output.matchAll(/^not reproducible.*$/gm)) console.error(line);
}
