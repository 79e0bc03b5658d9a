import { realpathSync } from "node:fs";
import { missing } from "../../../test/support/requirements.ts";
import { readTrace, strace, type SystemCall } from "../../../test/support/strace.ts";
import { startDaemon } from "../daemon.ts";
import { copyKeystore } from "../keystores.ts";
import { createKeys } from "../load.ts";
import { runToEnd } from "../measure.ts";
import type { Costs } from "./costs.ts";
import { aliases, CLIENTS, createsAtOnce, type Subject } from "./subject.ts";

const CALLS = ["write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync"];

interface DiskUse {
  readonly kilobytes: number;
  readonly syncs: number;
}

/** What a create asks of the disk, whatever that makes of it; nothing where strace cannot run. */
export async function measureDisk(subject: Subject): Promise<Costs> {
  if (missing("linux", "strace").length > 0) return {};
  const command = traceCommand(subject);
  const { request, crowd } = await traceDaemon(subject);
  return {
    writtenCommand: command.kilobytes,
    writtenRequest: request.kilobytes,
    writtenCrowd: crowd.kilobytes,
    syncsCommand: command.syncs,
    syncsRequest: request.syncs,
    syncsCrowd: crowd.syncs,
  };
}

function traceCommand(subject: Subject): DiskUse {
  const { command, folder } = subject.context;
  const { file, log } = tracedCopy(subject);
  const create = ["create", "--alias", "bench", "--keystore", file];
  const [program = "", ...args] = strace(log, CALLS, [...command, ...create]);
  runToEnd([program, ...args]);
  return diskUse(readTrace(log), folder, 1);
}

async function traceDaemon(subject: Subject): Promise<Record<"request" | "crowd", DiskUse>> {
  const { command, folder } = subject.context;
  const { file, log } = tracedCopy(subject);
  const [program = "", ...args] = strace(log, CALLS, command);
  const daemon = await startDaemon([program, ...args], file, `${file}.sock`);
  try {
    const during = async (clients: number, count: number) => {
      const begin = readTrace(log).length;
      await createKeys({ socket: daemon.socket, clients }, aliases(`traced-${clients}`, count));
      // strace logs a call before it lets the caller go on: those of an answered request are there.
      return diskUse(readTrace(log).slice(begin), folder, count);
    };
    return {
      request: await during(1, 1),
      crowd: await during(CLIENTS, createsAtOnce(subject.keys)),
    };
  } finally {
    await daemon.stop();
  }
}

function tracedCopy({ keystore }: Subject): { file: string; log: string } {
  const file = keystore.replace(/\.p12$/, "-traced.p12");
  copyKeystore(keystore, file);
  return { file, log: `${file}.trace` };
}

/** Of files in this folder: sockets and pipes are written to as well. */
function diskUse(calls: readonly SystemCall[], folder: string, creates: number): DiskUse {
  const real = realpathSync(folder);
  const onDisk = calls.filter(({ text }) => /^\w+\(\d+<([^>]*)/.exec(text)?.[1]?.startsWith(real));
  const syncs = onDisk.filter(({ name }) => name.endsWith("sync"));
  const bytes = onDisk.filter((call) => !syncs.includes(call))
    .reduce((sum, { text }) => sum + Number(/= (\d+)$/.exec(text)?.[1] ?? 0), 0);
  return { kilobytes: bytes / 1000 / creates, syncs: syncs.length / creates };
}
