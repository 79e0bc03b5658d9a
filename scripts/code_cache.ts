/**
 * Makes V8's code cache of the bundle, the same one whenever the bundle is the same:
 * node [flags of the executable] code_cache.ts BUNDLE CACHE
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Script } from "node:vm";
import { SCRIPT_NAME, wrapBundle } from "./sea_loader.ts";

/**
 * Without chance: V8 orders names by hashes with a random seed, and compiles in other threads. Where it
 * collects garbage, functions that have not been called for a while are forgotten, and what others
 * leave in memory gets into the gaps of what is cached: so there is room for all garbage.
 */
const WITHOUT_CHANCE = [
  "--hash-seed=1",
  "--single-threaded",
  "--no-flush-bytecode",
  "--min-semi-space-size=512",
  "--max-semi-space-size=512",
  "--initial-old-space-size=4000",
];

/** Where a cache names the flags of the V8 that made it; with others it would be rejected. */
const FLAGS_AT = { start: 12, end: 16 };

/** What is called may still depend on how fast the machine was; mostly it does not. */
const MAX_ATTEMPTS = 6;

const [bundlePath = "", cachePath = ""] = process.argv.slice(2);
const source = wrapBundle(readFileSync(bundlePath, "latin1"));
const cache = makeTwice();
// None of these flags changes what code means, and a cache never depends on the seed: each process
// has another one.
flagsOf(new Script("0").createCachedData()).copy(cache, FLAGS_AT.start);
const script = new Script(source, { filename: SCRIPT_NAME, cachedData: cache });
if (script.cachedDataRejected !== false) throw new Error("V8 rejects the code cache made for it");
writeFileSync(cachePath, cache);

/** @returns what came out twice; at worst one that another build will not make again */
function makeTwice(): Buffer {
  const made: Buffer[] = [];
  for (;;) {
    const next = makeOnce();
    if (made.some((before) => before.equals(next))) return next;
    if (made.push(next) < MAX_ATTEMPTS) continue;
    console.error("not reproducible: the machine is too busy for the same code cache twice");
    return next;
  }
}

function makeOnce(): Buffer {
  const script = join(import.meta.dirname, "warm_cache.ts");
  const argv = [...process.execArgv, ...WITHOUT_CHANCE, script, bundlePath, cachePath];
  execFileSync(process.execPath, argv, { stdio: ["ignore", "ignore", "inherit"] });
  return readFileSync(cachePath);
}

function flagsOf(data: Buffer): Buffer {
  return data.subarray(FLAGS_AT.start, FLAGS_AT.end);
}
