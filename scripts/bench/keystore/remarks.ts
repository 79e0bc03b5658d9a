import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { median } from "../measure.ts";
import { formatCost } from "./costs.ts";
import { MAX_RUN_MS } from "./java.ts";
import { createsAtOnce } from "./subject.ts";

const SYNCS = 50;

/** What has to be known to read the tables, one line each. */
export function remarks(folder: string): string[] {
  const seconds = MAX_RUN_MS / 1000;
  return [
    `-: not measured: a run of Java would take longer than ${seconds} s, or strace is missing`,
    "!: worse than linear, beyond what it costs to do nothing",
    "open: of the command in process, which for a list decrypts every key",
    `creates a second: of apikey in runs of ${createsAtOnce(1)} (from 100,000 keys on ` +
    `${createsAtOnce(100_000)}) added to the keys that are there; of Java one after the other`,
    `apikey answers once a key is on the disk, Java's KeyStore does not wait for that; here, to ` +
    `write 4 kB and fsync takes ${formatCost(syncMs(folder))} ms`,
    "Java that is running already: warmed up, with -XX:+UseSerialGC",
    "fewer rounds where they take long: a fifth, but 3, of list from 1,000 keys on while Java takes " +
    "part, and of create from 10,000; 3 of all from 100,000",
  ];
}

/** How long the disk takes when there is nothing to do: the floor of every durable write. */
function syncMs(folder: string): number {
  const descriptor = openSync(join(folder, "sync"), "w");
  try {
    return median(Array.from({ length: SYNCS }, () => {
      const startedAtMs = performance.now();
      writeSync(descriptor, new Uint8Array(4096));
      fsyncSync(descriptor);
      return performance.now() - startedAtMs;
    }));
  } finally {
    closeSync(descriptor);
  }
}
