import process from "node:process";
import type { Context, MiddlewareHandler } from "hono";
import { type Client, openClient } from "./client/client.ts";
import type { ConnectionOptions } from "./client/connection.ts";
import { guard, type GuardVariables } from "./client/guard.ts";
import type { Verifier } from "./client/authenticate.ts";
import { KeyVerifier } from "./client/key_verifier.ts";
import { assertTrustedServer } from "./client/server_trust.ts";
import { AppError } from "./errors.ts";
import { systemClock } from "./model/instant.ts";
import type { VerifyPurpose } from "./protocol/verification.ts";
import { defaultSocket } from "./platform/default_paths.ts";
import { pickPlatform } from "./platform/pick_platform.ts";

/*
 * The package's entry `metricshub-apikey/client`, and the composition root of programs that use it,
 * as main.ts is that of the executable.
 */
export { authenticate, type PresentedHeaders, type Verifier } from "./client/authenticate.ts";
export type { Client } from "./client/client.ts";
export type { GuardVariables } from "./client/guard.ts";
export type { KeyVerifier } from "./client/key_verifier.ts";
export { AppError, type ErrorCode } from "./errors.ts";
export type {
  CreatedKey,
  Key,
  KeyRevision,
  NewKey,
  RotatedKey,
  Rotation,
} from "./protocol/keys.ts";
export type { Status } from "./protocol/status.ts";
export type { Verification, VerifyPurpose } from "./protocol/verification.ts";

/** How to reach the daemon; everything has a default. */
export interface ConnectOptions {
  /** The path of the daemon's socket; `/run/metricshub/apikey.sock` unless given. */
  readonly socket?: string;
  /**
   * Whom to trust besides root and the user of this process: the user ids of whom a daemon may be.
   * What another one says is not listened to.
   */
  readonly trustedUids?: readonly number[];
  /** How long a check may take; 5 s unless given. */
  readonly timeoutMs?: number;
  /** How many checks are on their way to the daemon at a time, others wait; 8 unless given. */
  readonly maxConnections?: number;
}

export interface VerifierOptions extends ConnectOptions {
  /**
   * For how long after the daemon's last sign of life, of which it gives one a second, its answers
   * count; 5 s unless given.
   */
  readonly maxSilenceMs?: number;
  /**
   * How many valid keys to remember, with each scope and address of its own; 10,000 unless given. A key takes about 300 octets, and every
   * change of a key a walk through all that are remembered.
   */
  readonly maxKeys?: number;
}

export interface GuardOptions extends VerifierOptions {
  /** What a key must be good for, as `mcp:read`; nothing in particular unless given. */
  readonly scope?: string;
  /**
   * From where a request comes, its IP address: keys that are bound to networks are refused without
   * one. Whatever a client may put into a header is no answer.
   */
  readonly clientAddress?: (context: Context) => string | undefined;
  /** What checks the keys; unless given, a verifier of the guard's own with these options. */
  readonly verifier?: Verifier;
  /** Has the AppError behind each 503; unless given, one a minute is written to the console. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Typed calls to the daemon: `verify` and `verifyBatch` for members of its verifier group, and
 * `createKey`, `listKeys`, `revokeKey` and `status` for administrators.
 *
 * Nothing is sent before the first call; each call throws an AppError with a `code`:
 * ERR_DAEMON_UNREACHABLE where nobody listens, ERR_DAEMON_UNTRUSTED where somebody else does,
 * ERR_FORBIDDEN for a process that may not, ERR_SOCKET for a daemon that does not answer, and what
 * the daemon says itself.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { timeoutMs, maxConnections } = readOptions(options);
  return openClient({ connection: await connectionTo(options), timeoutMs, maxConnections });
}

/**
 * A {@link KeyVerifier} that follows the daemon's events.
 *
 * @throws AppError where the daemon cannot be reached, or lets this process check no keys
 */
export async function openVerifier(options: VerifierOptions = {}): Promise<KeyVerifier> {
  const verifier = await startVerifier(options);
  try {
    await verifier.opened();
    return verifier;
  } catch (error) {
    await verifier.close();
    throw error;
  }
}

/**
 * Middleware for Hono that lets only requests with a valid API key pass, which they present as
 * `Authorization: Bearer KEY`, `Authorization: KEY` or `X-API-Key: KEY`. All others get 401, or 503
 * as long as the daemon cannot be asked. The key's alias is `c.get("apiKeyAlias")`.
 *
 * @example
 * app.use("/api/*", apiKeyGuard());
 */
export function apiKeyGuard(
  options: GuardOptions = {},
): MiddlewareHandler<{ Variables: GuardVariables }> {
  const { verifier = undefined, onError = warnNowAndThen() } = options;
  const checking = verifier === undefined ? startVerifier(options) : Promise.resolve(verifier);
  // Whoever asks hears of it.
  checking.catch(() => undefined);
  const purpose = (context: Context) => purposeOf(options.scope, options.clientAddress?.(context));
  return guard({ verifier: () => checking, purpose, onError });
}

function purposeOf(scope: string | undefined, clientAddress: string | undefined): VerifyPurpose {
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(clientAddress === undefined ? {} : { clientAddress }),
  };
}

const WARN_EVERY_MS = 60_000;

/** A server that refuses everybody must say why, but not once for each request. */
function warnNowAndThen(): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + WARN_EVERY_MS;
    const reason = error instanceof AppError ? `${error.message} (${error.code})` : error;
    console.warn("API keys cannot be checked:", reason);
  };
}

/** What a timer can wait, in milliseconds. */
const MAX_NUMBER = 2 ** 31 - 1;

/** @throws TypeError at once, as every mistake of the program's own */
function readOptions(options: VerifierOptions) {
  const {
    maxSilenceMs = 5_000,
    maxKeys = 10_000,
    timeoutMs = 5_000,
    maxConnections = 8,
  } = options;
  const numbers = { maxSilenceMs, maxKeys, timeoutMs, maxConnections };
  for (const [name, value] of Object.entries(numbers)) {
    if (value >= 1 && value <= MAX_NUMBER) continue;
    throw new TypeError(`${name}: a number from 1 to ${MAX_NUMBER} expected, not ${value}`);
  }
  return numbers;
}

/** Without waiting for the daemon, which may be started later than a server that asks it. */
function startVerifier(options: VerifierOptions): Promise<KeyVerifier> {
  const { maxSilenceMs, maxKeys, ...numbers } = readOptions(options);
  return connectionTo(options).then((connection) => {
    const client = openClient({ connection, ...numbers });
    const elapsedMs = () => performance.now();
    const clock = systemClock;
    return new KeyVerifier({ connection, client, maxSilenceMs, maxKeys, clock, elapsedMs });
  });
}

async function connectionTo(options: ConnectOptions): Promise<ConnectionOptions> {
  const platform = await pickPlatform(process);
  const owners = [0, platform.self.uid, ...options.trustedUids ?? []];
  const path = options.socket ?? defaultSocket(process);
  return {
    path,
    open: platform.pipes?.connect,
    assertTrusted: (socket) => assertTrustedServer(socket, platform, owners, path),
  };
}
