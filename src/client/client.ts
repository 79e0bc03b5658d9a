import { VERIFY_BATCH_PATH, VERIFY_PATH } from "../protocol/verification.ts";
import { ApiClient } from "./api_client.ts";
import type { ConnectionOptions } from "./connection.ts";
import { ConnectionPool } from "./connection_pool.ts";
import { socketTransport } from "./socket.ts";

/** The calls for programs: checking keys for verifiers, the others for administrators. */
export interface Client extends
  Pick<
    ApiClient,
    | "verify"
    | "verifyBatch"
    | "createKey"
    | "listKeys"
    | "getKey"
    | "reviseKey"
    | "rotateKey"
    | "revokeKey"
    | "status"
  >,
  Disposable {
  /** Ends what is being checked, and every later check, with ERR_SOCKET. */
  close(): void;
}

export interface ClientOptions {
  readonly connection: ConnectionOptions;
  /** How long a check may take. */
  readonly timeoutMs: number;
  /** How many checks are under way at a time; others wait. */
  readonly maxConnections: number;
}

/** A list of 100,000 keys takes its time, and so does a save to a slow disk. */
const ADMIN_TIMEOUT_MS = 60_000;

const REPEATABLE: readonly string[] = [VERIFY_PATH, VERIFY_BATCH_PATH];

/**
 * Checks go over connections that are kept, and may arrive twice when one of these ends; all else
 * over a connection of its own, exactly once.
 */
export function openClient({ connection, timeoutMs, maxConnections }: ClientOptions): Client {
  const pool = new ConnectionPool({ ...connection, timeoutMs, maxConnections });
  const single = socketTransport({ ...connection, timeoutMs: ADMIN_TIMEOUT_MS });
  const api = new ApiClient({
    send: (request) => (REPEATABLE.includes(request.path) ? pool : single).send(request),
  });
  return Object.assign(api, {
    close: () => pool.close(),
    [Symbol.dispose]: () => pool.close(),
  });
}
