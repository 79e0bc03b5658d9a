/**
 * What the number of keys in a keystore costs: apikey with keys of its own
 * writing, which share a salt, and Java's KeyStore beside it.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Benchmark } from "./benchmark.ts";
import { startDaemon } from "./daemon.ts";
import { addKeys, copyKeystore, writeKeystore } from "./keystores.ts";
import { type Costs, costTable, growthTable } from "./keystore/costs.ts";
import { measureCreates } from "./keystore/creates.ts";
import { measureDisk } from "./keystore/disk.ts";
import { JavaSide } from "./keystore/java.ts";
import { measureLists } from "./keystore/lists.ts";
import { measureMemory } from "./keystore/memory.ts";
import { remarks } from "./keystore/remarks.ts";
import type { Subject } from "./keystore/subject.ts";
import { judgeCosts } from "./keystore/wanted.ts";

const SIZES = [10, 100, 1000, 10_000, 100_000];

export const keystore: Benchmark = {
  summary: "what the number of keys costs, against Java",
  async run(context) {
    const costs = new Map<number, Costs>();
    const java = await JavaSide.start();
    try {
      await java.warmUp(context.folder);
      const empty = await writeKeystore(context.folder, "apikey", 0);
      let smaller = { file: empty, keys: 0 };
      for (const keys of context.sizes ?? SIZES) {
        const file = join(context.folder, `${keys}.p12`);
        copyKeystore(smaller.file, file);
        await addKeys(file, smaller.keys, keys - smaller.keys);
        smaller = { file, keys };
        costs.set(keys, await measure({ context, keys, keystore: file, empty, java }));
      }
    } finally {
      await java.stop();
    }
    const growth = costs.size > 1 ? [growthTable(costs), ""] : [];
    const notes = [...growth, ...remarks(context.folder), "", ...judgeCosts(costs), ""];
    return { ...costTable(costs), notes };
  },
};

async function measure(given: Omit<Subject, "daemon">): Promise<Costs> {
  const { context, keys, keystore } = given;
  const served = keystore.replace(/\.p12$/, "-served.p12");
  copyKeystore(keystore, served);
  const daemon = await startDaemon(context.command, served, `${served}.sock`);
  try {
    const subject = { ...given, daemon };
    const step = async (name: string, measureThat: (subject: Subject) => Promise<Costs>) => {
      context.progress(`${keys} keys: ${name}`);
      return await measureThat(subject);
    };
    return {
      // First, while the daemon has done nothing else.
      ...await step("memory", measureMemory),
      ...await step("list", measureLists),
      ...await step("create", measureCreates),
      ...await step("disk", measureDisk),
      file: statSync(keystore).size / 1000,
    };
  } finally {
    await daemon.stop();
  }
}
