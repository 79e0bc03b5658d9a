/** What one uid may have of the daemon. */
export interface Allowance {
  /** Connections open at a time. */
  readonly connections: number;
  /** Requests a second, in the long run. */
  readonly requestsPerSecond: number;
}

/**
 * Whom an operator can give more or less. A web server in front of which people wait asks for each of
 * its own requests, so verifiers have more than enough; strangers get nothing but refusals.
 */
export interface Allowances {
  readonly verifiers: Allowance;
  readonly anyone: Allowance;
}

export const DEFAULT_ALLOWANCES: Allowances = {
  verifiers: { connections: 512, requestsPerSecond: 20_000 },
  anyone: { connections: 16, requestsPerSecond: 2_000 },
};

/**
 * Connections of all but administrators together: a user with a range of subordinate uids is many
 * users. Administrators come on top, as far as the system has descriptors.
 */
export const MAX_CONNECTIONS = 4_096;
