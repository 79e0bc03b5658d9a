import type { Access } from "../api/access.ts";
import type { Allowance, Allowances } from "../model/allowance.ts";

/** For how long nobody has to have asked so that everything due is there at once. */
export const BURST_SECONDS = 0.25;

/** Nobody counts an administrator's requests, but one who forgets to close connections is a defect. */
const ADMIN: Allowance = { connections: 256, requestsPerSecond: Infinity };

/** By what the uid may do here. */
export function allowancesByAccess(
  { verifiers, anyone }: Allowances,
): Readonly<Record<Access, Allowance>> {
  return { admin: ADMIN, verifier: verifiers, anyone };
}

/** What is more work than the shortest request counts as several. */
export const COSTS = {
  /** To accept a connection and close it. */
  connection: 2,
  /** A batch of 1,000 keys, of 39 bytes each, takes as long as some 80 single ones. */
  bodyBytesPerRequest: 512,
  /** A body that does not say how long it will be: as one of 64 KiB. */
  undeclaredBody: 128,
  /** To send thousands of requests without reading an answer. */
  overdonePipelining: 500,
} as const;
