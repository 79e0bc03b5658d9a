/**
 * `apikey create` and `apikey list`, without and with a daemon, against a
 * small Java program that does what MetricsHub's tool does.
 */
import { copyFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type Daemon, startDaemon } from "./daemon.ts";
import { compileJava } from "../../test/support/java.ts";
import type { Benchmark, BenchmarkContext, BenchmarkReport } from "./benchmark.ts";
import { writeKeystore, type Writer } from "./keystores.ts";
import { compare, type Contestant, runToEnd } from "./measure.ts";
import { readMemory } from "./memory.ts";

const SIZES = [1, 100, 1000] as const;
const WRITERS = ["apikey", "java"] as const;
const OPERATIONS = ["create", "list"] as const;
const ALIAS = "bench";
const REST_MS = 2000;
const WANTED_MEMORY_MB = 100;

type Side = "process" | "daemon";
type Operation = (typeof OPERATIONS)[number];

interface Case {
  readonly operation: Operation;
  readonly keys: number;
  readonly writer: Writer;
}

interface Parties {
  readonly context: BenchmarkContext;
  /** The folder of Upstream.class. */
  readonly classes: string;
  /** As it was before the measurement; never written to. */
  readonly keystore: string;
  readonly daemon: Daemon;
}

/** The most that may be spent, as a part of Java's time. */
function wantedRatio({ operation, keys, writer }: Case, side: Side): number | undefined {
  if (keys === 1) return 0.25;
  if (operation !== "list" || keys !== 1000 || writer !== "apikey") return undefined;
  return side === "process" ? 0.05 : 0.02;
}

export const commands: Benchmark = {
  summary: "create and list, as commands, against Java",
  async run(context) {
    const classes = await compileJava(new URL("./Upstream.java", import.meta.url));
    const rows: (readonly string[])[] = [];
    const notes: string[] = [];
    for (const keys of SIZES) {
      for (const writer of WRITERS) {
        const part = await runKeystore(context, classes, keys, writer);
        rows.push(...part.rows);
        notes.push(...part.notes);
      }
    }
    const header = ["what", "apikey ms", "java ms", "ratio", "wanted", "met?"];
    return { header, rows, notes };
  },
};

async function runKeystore(
  context: BenchmarkContext,
  classes: string,
  keys: number,
  writer: Writer,
): Promise<Pick<BenchmarkReport, "rows" | "notes">> {
  context.progress(describeKeys(keys, writer));
  const keystore = await writeKeystore(context.folder, writer, keys);
  const served = copy(keystore, "served");
  const daemon = await startDaemon(context.command, served, `${served}.sock`);
  try {
    const parties = { context, classes, keystore, daemon };
    const rows: (readonly string[])[] = [];
    for (const operation of OPERATIONS) {
      const medians = await compare(contestants(parties, operation), context.rounds);
      for (const side of ["process", "daemon"] as const) {
        rows.push(row({ operation, keys, writer }, side, medians[side], medians.java));
      }
    }
    await setTimeout(REST_MS);
    return { rows, notes: [memoryNote(daemon, keys, writer)] };
  } finally {
    await daemon.stop();
  }
}

function contestants(
  { context, classes, keystore, daemon }: Parties,
  operation: Operation,
): Readonly<Record<Side | "java", Contestant>> {
  const creates = operation === "create";
  const apikey = creates ? ["create", "--alias", ALIAS] : ["list"];
  const own = copy(keystore, "own");
  const foreign = copy(keystore, "foreign");
  const java = ["-cp", classes, "Upstream", operation, foreign, ...(creates ? [ALIAS] : [])];
  return {
    process: {
      prepare: () => copyFileSync(keystore, own),
      run: () => runToEnd([...context.command, ...apikey, "--keystore", own]),
    },
    java: {
      prepare: () => copyFileSync(keystore, foreign),
      run: () => runToEnd(["java", ...java]),
    },
    daemon: {
      run: () => runToEnd([...context.command, ...apikey, "--socket", daemon.socket]),
      ...(creates ? { tidy: () => revoke(daemon) } : {}),
    },
  };
}

async function revoke(daemon: Daemon): Promise<void> {
  const { status, body } = await daemon.send("DELETE", `/v1/keys/${ALIAS}`);
  if (status !== 204) throw new Error(`cannot revoke ${ALIAS}: ${status} ${body}`);
}

function copy(keystore: string, purpose: string): string {
  const file = keystore.replace(/\.p12$/, `-${purpose}.p12`);
  copyFileSync(keystore, file);
  return file;
}

function row(measured: Case, side: Side, apikeyMs: number, javaMs: number): readonly string[] {
  const { operation, keys, writer } = measured;
  const ratio = apikeyMs / javaMs;
  const wanted = wantedRatio(measured, side);
  const way = side === "process" ? "no daemon" : "daemon";
  return [
    `${operation}, ${describeKeys(keys, writer)}, ${way}`,
    apikeyMs.toFixed(1),
    javaMs.toFixed(1),
    ratio.toFixed(3),
    wanted === undefined ? "" : `<= ${wanted}`,
    wanted === undefined ? "" : ratio <= wanted ? "yes" : "NO",
  ];
}

function describeKeys(keys: number, writer: Writer): string {
  return `${keys} ${keys === 1 ? "key" : "keys"} by ${writer}`;
}

function memoryNote(daemon: Daemon, keys: number, writer: Writer): string {
  const megabytes = readMemory(daemon.pid, "VmRSS");
  const what = `daemon at rest, ${describeKeys(keys, writer)}: VmRSS`;
  if (megabytes === undefined) return `${what} not known on this system`;
  const met = megabytes < WANTED_MEMORY_MB ? "yes" : "NO";
  return `${what} ${megabytes.toFixed(1)} MB, wanted < ${WANTED_MEMORY_MB}: ${met}`;
}
