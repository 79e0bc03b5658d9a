import { UUID_SEED } from "../model/uuid_seed.ts";
import {
  candidatesSchema,
  type KeyFilterDocument,
  type Occurrences,
  SCAN_PATH,
  SCAN_REVOKE_PATH,
} from "../protocol/scan.ts";
import type { ScanService } from "../service/scan.ts";
import { parseBody, type Route } from "./route.ts";

/** What a search for leaked keys asks. */
export function scanRoutes(scan: ScanService): Route[] {
  return [
    {
      method: "GET",
      path: SCAN_PATH,
      access: "admin",
      act: "scan",
      recorded: "refusals",
      async respond() {
        const { bitmap } = await scan.filter();
        const body: KeyFilterDocument = {
          seed: UUID_SEED,
          bitmap: Buffer.from(bitmap).toString("base64"),
        };
        return { status: 200, body };
      },
    },
    {
      method: "POST",
      path: SCAN_PATH,
      access: "admin",
      act: "scan",
      recorded: "refusals",
      async respond(call) {
        const { candidates } = await parseBody(call, candidatesSchema);
        const body: Occurrences = { aliases: await scan.find(candidates) };
        return { status: 200, body };
      },
    },
    {
      method: "POST",
      path: SCAN_REVOKE_PATH,
      access: "admin",
      act: "scan-revoke",
      recorded: "acts",
      async respond(call) {
        const { candidates } = await parseBody(call, candidatesSchema);
        const aliases = await scan.revoke(candidates);
        const body: Occurrences = { aliases };
        return { status: 200, body, done: { aliases: [...new Set(aliases.flat())] } };
      },
    },
  ];
}
