import { UUID_SEED } from "../model/uuid_seed.ts";
import {
  candidatesSchema,
  keyFilterSchema,
  occurrencesSchema,
  SCAN_PATH,
  SCAN_REVOKE_PATH,
} from "../protocol/scan.ts";
import type { ScanService } from "../service/scan.ts";
import { READING, WRITING } from "./operation.ts";
import { type Route, route } from "./route.ts";

/** What a search for leaked keys asks. */
export function scanRoutes(scan: ScanService): Route[] {
  return [
    route({
      method: "GET",
      path: SCAN_PATH,
      access: "admin",
      act: "scan",
      recorded: "refusals",
      operationId: "getKeyFilter",
      summary: "Tell which UUIDs may be keys, without telling a key",
      responses: { 200: { description: "Nearly no other UUID passes", schema: keyFilterSchema } },
      problems: READING,
      async respond() {
        const { bitmap } = await scan.filter();
        const body = { seed: UUID_SEED, bitmap: Buffer.from(bitmap).toString("base64") };
        return { status: 200, body };
      },
    }),
    route({
      method: "POST",
      path: SCAN_PATH,
      access: "admin",
      act: "scan",
      recorded: "refusals",
      operationId: "findKeys",
      summary: "Tell which of up to 1,000 texts are keys",
      body: candidatesSchema,
      responses: { 200: { description: "For each text in order", schema: occurrencesSchema } },
      problems: READING,
      async respond({ body: { candidates } }) {
        return { status: 200, body: { aliases: await scan.find(candidates) } };
      },
    }),
    route({
      method: "POST",
      path: SCAN_REVOKE_PATH,
      access: "admin",
      act: "scan-revoke",
      recorded: "acts",
      operationId: "revokeFoundKeys",
      summary: "Revoke those of up to 1,000 texts that are keys",
      body: candidatesSchema,
      responses: { 200: { description: "For each text in order", schema: occurrencesSchema } },
      problems: WRITING,
      async respond({ body: { candidates } }) {
        const aliases = await scan.revoke(candidates);
        const done = { aliases: [...new Set(aliases.flat())] };
        return { status: 200, body: { aliases }, done };
      },
    }),
  ];
}
