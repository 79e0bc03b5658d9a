/**
 * Sends the cases of one user, as whoever runs it, and says on standard output what came of them.
 *
 *     worker.ts '{"socket":"…","seed":1,"from":0,"to":1000,"role":"admin","share":0,"shares":1}'
 */
import process from "node:process";
import { makeCase, roleOf } from "./case.ts";
import { judge } from "./judge.ts";
import { Lane } from "./lane.ts";
import { emptyReport } from "./report.ts";
import type { Role } from "./world.ts";

export interface Order {
  readonly socket: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly role: Role;
  /** Of the cases of this role, which part is this process's. */
  readonly share: number;
  readonly shares: number;
}

/** Below what each may have open. */
const LANES: Readonly<Record<Role, number>> = { admin: 48, verifier: 24, stranger: 12 };

const order = JSON.parse(process.argv[2] ?? "") as Order;
const report = emptyReport();
const numbers = ownNumbers();
await Promise.all(Array.from({ length: LANES[order.role] }, work));
process.stdout.write(JSON.stringify(report));

function* ownNumbers(): Generator<number> {
  let count = 0;
  for (let number = order.from; number < order.to; number++) {
    if (roleOf(number) === order.role && count++ % order.shares === order.share) yield number;
  }
}

async function work(): Promise<void> {
  const lane = new Lane(order.socket);
  for (;;) {
    const { value: number, done } = numbers.next();
    if (done) break;
    await sendOne(lane, number);
  }
  lane.close();
}

async function sendOne(lane: Lane, number: number): Promise<void> {
  const made = makeCase(order.seed, number);
  const { answers, problem } = judge(made, await lane.send(made));
  report.cases++;
  report.answers += answers.length;
  for (const { status, headers, body } of answers) {
    const key = `${order.role} ${status}`;
    report.statuses[key] = (report.statuses[key] ?? 0) + 1;
    if (headers.has("x-apikey-alias") || body.includes('"valid":true')) report.yes++;
  }
  if (problem !== undefined) report.failures.push({ case: number, problem });
}
