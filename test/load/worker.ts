/**
 * One misbehaving client, as whoever runs it. It says `ready` once it does what it is here for, goes
 * on until its standard input ends, and then says what has come of it.
 *
 *     worker.ts '{"kind":"idle","socket":"/run/…/apikey.sock","connections":100}'
 */
import process from "node:process";
import { KINDS, type Order } from "./kinds.ts";
import { Tally } from "./tally.ts";

const order = JSON.parse(process.argv[2] ?? "") as Order;
const tally = new Tally();
process.stdin.resume().once("end", () => {
  process.stdout.write(JSON.stringify(tally.counts), () => process.exit());
});
await KINDS[order.kind]?.(order, tally);
process.stdout.write("ready\n");
