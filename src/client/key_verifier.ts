import { AppError } from "../errors.ts";
import { digestKey, type KeyDigest } from "../model/key_digest.ts";
import type { Verification, VerifyPurpose } from "../protocol/verification.ts";
import type { Client } from "./client.ts";
import type { ConnectionOptions } from "./connection.ts";
import { EventFollower } from "./event_follower.ts";
import { KeyMemory, type KeyMemoryOptions } from "./key_memory.ts";

/** What a {@link KeyVerifier} asks. */
export type VerifyingClient = Pick<Client, "verify" | "close">;

export interface KeyVerifierDependencies extends KeyMemoryOptions {
  /** Where the events come from. */
  readonly connection: ConnectionOptions;
  readonly client: VerifyingClient;
}

/**
 * Checks keys in this process, by what the daemon has said and its events have not taken back.
 *
 * A key that is revoked is refused by every check that begins after its event has arrived, a few
 * milliseconds later. When the daemon has given no sign of life for `maxSilenceMs`, memory answers nothing any
 * more: each check asks the daemon, and fails if it cannot be asked. Events come back by themselves.
 *
 * Of a key only its digest is kept. What a verifier holds keeps no process running.
 */
export class KeyVerifier implements AsyncDisposable {
  readonly #client: VerifyingClient;
  readonly #memory: KeyMemory;
  readonly #follower: EventFollower;
  readonly #opened = Promise.withResolvers<void>();

  constructor({ connection, client, ...options }: KeyVerifierDependencies) {
    this.#client = client;
    this.#memory = new KeyMemory(options);
    this.#opened.promise.catch(() => undefined);
    this.#follower = new EventFollower(connection, {
      onGap: () => this.#memory.forget(),
      onHeartbeat: () => this.#memory.noteContact(),
      onEvent: (event) => {
        this.#memory.apply(event);
        if (event.type === "ready") this.#opened.resolve();
      },
      onBroken: (error) => this.#noteBreak(error),
    });
  }

  /** Whether memory may answer at this moment: the daemon has given a sign of life lately. */
  get isFresh(): boolean {
    return this.#memory.isFresh;
  }

  /**
   * Resolves when events arrive for the first time.
   *
   * @throws AppError for the first attempt to follow them; there will be others
   */
  opened(): Promise<void> {
    return this.#opened.promise;
  }

  /**
   * The answer that memory has; undefined if only the daemon can tell. Never waits.
   *
   * @param key as it was presented; may be any text
   */
  verifyNow(key: string, purpose?: VerifyPurpose): Verification | undefined {
    return this.#memory.find(digestQuestion(key, purpose));
  }

  /**
   * Whether a key is valid: from memory, else from the daemon.
   *
   * @param key as it was presented; may be any text
   * @throws AppError ERR_DAEMON_UNREACHABLE, ERR_DAEMON_UNTRUSTED, ERR_FORBIDDEN, ERR_SOCKET or
   *   ERR_KEYSTORE_* where that cannot be decided; it must not count as valid then
   */
  async verify(key: string, purpose?: VerifyPurpose): Promise<Verification> {
    const digest = digestQuestion(key, purpose);
    const known = this.#memory.find(digest);
    if (known !== undefined) return known;
    const asked = this.#memory.revision;
    const verification = await this.#client.verify(key, purpose);
    this.#memory.remember(digest, verification, asked);
    return verification;
  }

  /** Forgets everything and lets go of the daemon; later checks fail with ERR_SOCKET. */
  close(): Promise<void> {
    this.#follower.stop();
    this.#memory.noteBreak();
    this.#memory.forget();
    this.#client.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #noteBreak(error: unknown): void {
    this.#memory.noteBreak();
    if (isRefusal(error)) this.#memory.forget();
    this.#opened.reject(error ?? new AppError("ERR_SOCKET", "the daemon gives no events"));
  }
}

/** For each purpose an answer of its own. */
function digestQuestion(key: string, purpose: VerifyPurpose | undefined): KeyDigest {
  const { scope, clientAddress } = purpose ?? {};
  if (scope === undefined && clientAddress === undefined) return digestKey(key);
  // A presented key may be any text: only its digest keeps it from passing for a key and its purpose.
  return digestKey(JSON.stringify([digestKey(key), scope ?? "", clientAddress ?? ""]));
}

/** A daemon that lets this process check no keys any more, or another process in its place. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError &&
    (error.code === "ERR_FORBIDDEN" || error.code === "ERR_DAEMON_UNTRUSTED");
}
