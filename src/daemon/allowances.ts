import type { Access } from "../api/access.ts";

/** What one uid may have of the daemon. */
export interface Allowance {
  /** Connections open at a time. */
  readonly connections: number;
  /** Requests a second, in the long run. */
  readonly requestsPerSecond: number;
}

/** For how long nobody has to have asked so that everything due is there at once. */
export const BURST_SECONDS = 0.25;

/**
 * By what the uid may do here. A web server in front of which people wait asks for each of its own
 * requests, so verifiers have more than enough; strangers get nothing but refusals. Nobody counts an
 * administrator's requests, but one who forgets to close connections is a defect like any other.
 */
export const ALLOWANCES: Readonly<Record<Access, Allowance>> = {
  admin: { connections: 256, requestsPerSecond: Infinity },
  verifier: { connections: 512, requestsPerSecond: 20_000 },
  anyone: { connections: 16, requestsPerSecond: 2_000 },
};

/**
 * Connections of all but administrators together: a user with a range of subordinate uids is many
 * users. Administrators come on top, as far as the system has descriptors.
 */
export const MAX_CONNECTIONS = 4_096;

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
