import { join } from "node:path";
import { type Daemon, defectsIn, startDaemon } from "../support/daemon.ts";
import { execute } from "../support/execute.ts";
import { listKeys } from "../support/keys_api.ts";
import type { TemporaryFolder } from "../support/temporary_folder.ts";
import { asUser, RUNTIME, type User } from "../support/users.ts";
import { addReport, emptyReport, type Report } from "./report.ts";
import type { Order } from "./worker.ts";
import { ROLES, USERS, VERIFIER_GID, WORLD } from "./world.ts";

const WORKER = join(import.meta.dirname, "worker.ts");

export interface Batch {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** A daemon that everybody can reach and that knows {@link WORLD}. */
export function startTarget(folder: TemporaryFolder): Promise<Daemon> {
  const args = ["--socket-mode", "666", "--verifier-group", String(VERIFIER_GID)];
  return startDaemon(folder.keystore(WORLD.keystore), folder.file("apikey.sock"), args);
}

/** Sends the cases to a daemon, each as the user whose it is. */
export async function fuzz({ socket }: Daemon, batch: Batch): Promise<Report> {
  const sum = emptyReport();
  const reports = ROLES.flatMap((role) =>
    USERS[role].map((user, share) => {
      return runWorker(user, { socket, ...batch, role, share, shares: USERS[role].length });
    })
  );
  for (const report of await Promise.all(reports)) addReport(sum, report);
  sum.failures.sort((one, other) => one.case - other.case);
  return sum;
}

async function runWorker(user: User, order: Order): Promise<Report> {
  const argv = [...RUNTIME, WORKER, JSON.stringify(order)];
  const { status, stdout, stderr } = await execute(asUser(user, argv));
  if (status !== 0) throw new Error(`a worker has ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** What is wrong with a daemon after all that; an empty list if nothing is. */
export async function findDamage(daemon: Daemon, before: string): Promise<string[]> {
  const keys = await listKeys(daemon.socket);
  const lost = WORLD.aliases.filter((alias) => !keys.has(alias));
  const defects = defectsIn(daemon.output().slice(before.length));
  return [
    ...lost.map((alias) => `the key ${alias} is gone`),
    ...defects.map((line) => `the daemon says: ${line}`),
  ];
}
