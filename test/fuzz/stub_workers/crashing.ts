/** Dies at the third case. */
import { writeSync } from "node:fs";
import process from "node:process";
import { emptyReport } from "../report.ts";
import type { Batch } from "../worker.ts";

const { from, to }: Batch = JSON.parse(process.argv[2] ?? "");
for (let number = from; number < to; number++) {
  writeSync(1, `case ${number}\n`);
  if (number === 2) throw new Error("out of something");
}
writeSync(1, `report ${JSON.stringify({ ...emptyReport(), cases: to - from })}\n`);
