import type { IncomingMessage } from "node:http";
import { rawHeader } from "../api/raw_headers.ts";
import { COSTS } from "./allowances.ts";

/** How many of the shortest requests this one counts as. */
export function requestCost(request: IncomingMessage): number {
  const declared = rawHeader(request.rawHeaders, "content-length");
  if (declared === undefined) return 1;
  return 1 + Math.floor(Number(declared) / COSTS.bodyBytesPerRequest);
}
