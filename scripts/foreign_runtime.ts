import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { execute } from "./execute.ts";
import { ROOT } from "./runtimes.ts";
import type { Target } from "./targets.ts";

const CACHE = join(ROOT, "node_modules", ".cache", "runtimes");

interface Lockfile {
  readonly packages: Readonly<Record<string, Locked | undefined>>;
}

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

/**
 * The path of Node for another platform, from npm's registry or the cache of an earlier build.
 * What arrives must have the digest that package-lock.json holds: it becomes part of the product.
 * @throws Error when npm cannot get it, or when its version is not that of the Node running this
 */
export async function fetchRuntime(target: Target): Promise<string> {
  const locked = readLockfile().packages[`node_modules/${target.package}`];
  if (locked?.version !== process.versions.node) {
    // The blob is made by one Node and read by the other: they must be the same.
    const found = `${target.package} ${locked?.version ?? "(none)"}`;
    throw new Error(`package-lock.json has ${found}, this is Node ${process.versions.node}`);
  }
  const folder = join(CACHE, `${target.name}-${locked.version}`);
  if (!existsSync(folder)) await install(target, locked, folder);
  return join(folder, "node_modules", target.package, "bin", `node${target.suffix}`);
}

async function install(target: Target, locked: Locked, folder: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  // Renamed when complete: what an interrupted download leaves must not be built in.
  const temporary = mkdtempSync(`${folder}-`);
  try {
    await installInto(temporary, target.package, locked);
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function installInto(folder: string, name: string, locked: Locked): Promise<void> {
  const { version, integrity } = locked;
  const dependencies = { [name]: version };
  // Without its os and cpu, for which npm ci would refuse it here.
  const packages = { "": { dependencies }, [`node_modules/${name}`]: { version, integrity } };
  writeJson(join(folder, "package.json"), { private: true, dependencies });
  writeJson(join(folder, "package-lock.json"), { lockfileVersion: 3, packages });
  const argv = [...npm(), "ci", "--ignore-scripts", "--loglevel=error"];
  const { status, output } = await execute(argv, { cwd: folder });
  if (status !== 0) throw new Error(`cannot get ${name} ${version} from npm:\n${output}`);
}

function readLockfile(): Lockfile {
  return JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}

/** The npm that started this script, else the one on PATH. */
function npm(): string[] {
  const script = process.env["npm_execpath"];
  return script === undefined ? ["npm"] : [process.execPath, script];
}
