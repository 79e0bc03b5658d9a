/**
 * Makes V8's code cache of the bundle, for code_cache.ts: node FLAGS… warm_cache.ts BUNDLE CACHE
 *
 * What V8 caches of a script that has just been compiled is its top level; functions are compiled
 * when first called, 8 ms of a command. So the commands are run here first, in one process that
 * evaluates the bundle anew for each, and what they compiled goes into the cache.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Script } from "node:vm";
import { SCRIPT_NAME, wrapBundle } from "./sea_loader.ts";

/** The bundle's own calls go elsewhere. */
const exit = process.exit.bind(process);

const DAEMON_START_MS = 10_000;

/**
 * Of the file system's clock: a keystore that changes twice within one tick is read once more, by
 * functions that would be in the cache or not as chance has it.
 */
const CLOCK_TICK_MS = 50;

const [bundlePath = "", cachePath = ""] = process.argv.slice(2);
const script = new Script(wrapBundle(readFileSync(bundlePath, "latin1")), {
  filename: SCRIPT_NAME,
});
const folder = mkdtempSync(join(tmpdir(), "apikey-build-"));
try {
  await warmUp();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
writeFileSync(cachePath, script.createCachedData());
// The daemon is still there; only a signal would end it, or this.
exit(0);

async function warmUp(): Promise<void> {
  const keystore = join(folder, "metricshub-keystore.p12");
  const socket = join(folder, "apikey.sock");
  makeKeystore(keystore);
  await session(["--keystore", keystore]);
  start(["daemon", "--keystore", keystore, "--socket", socket]);
  const deadline = performance.now() + DAEMON_START_MS;
  while (!existsSync(socket)) {
    if (performance.now() > deadline) throw new Error("the daemon does not start");
    await sleep(10);
  }
  await session(["--socket", socket]);
}

/**
 * In another process: the first change of a keystore makes what its audit log is signed with, once in
 * its life, and all that this compiles would be loaded by every command.
 */
function makeKeystore(keystore: string): void {
  const argv = [...process.execArgv, bundlePath, "create", "a", "--keystore", keystore];
  execFileSync(process.execPath, argv, { stdio: ["ignore", "ignore", "inherit"] });
  execFileSync(process.execPath, argv.with(-4, "revoke"), { stdio: "ignore" });
}

/** What people do all day. */
async function session(where: readonly string[]): Promise<void> {
  for (const command of [["create", "a"], ["create", "b"], ["list"], ["list", "--json"]]) {
    await run([...command, ...where]);
  }
  for (const command of [["status"], ["revoke", "a"], ["revoke", "b"]]) {
    await run([...command, ...where]);
  }
}

async function run(argv: readonly string[]): Promise<void> {
  await sleep(CLOCK_TICK_MS);
  const status = await start(argv);
  if (status !== 0) throw new Error(`apikey ${argv.join(" ")} ended with ${status}`);
}

/** Evaluates the bundle as a program of its own; its exit ends only the promise. */
function start(argv: readonly string[]): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  process.argv = [process.execPath, SCRIPT_NAME, ...argv];
  process.exit = ((status) => resolve(status)) as typeof process.exit;
  script.runInThisContext()(createRequire(import.meta.url), {}, {}, process);
  return promise;
}
