import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Access } from "../api/access.ts";
import { type Allowance, MAX_CONNECTIONS } from "../model/allowance.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";
import { Account } from "./account.ts";
import { COSTS } from "./allowances.ts";

export interface ConnectionsOptions {
  readonly identify: (socket: Socket) => PeerCredentials | undefined;
  readonly accessOf: (peer: PeerCredentials | undefined) => Access;
  readonly allowances: Readonly<Record<Access, Allowance>>;
  /** Any clock that never goes back. */
  readonly nowMs: () => number;
}

/** An accepted connection. */
export interface Connection {
  /** As the kernel said at accept; undefined where it could not. */
  readonly peer: PeerCredentials | undefined;
  readonly access: Access;
  readonly account: Account;
  /** The answer to the latest request, for as long as more of that request may come. */
  latest: ServerResponse | undefined;
}

/** Peers of whom nothing is known share one account. */
const UNKNOWN = -1;
/** How many accounts there may be before those are looked for that nobody uses. */
const TIDY_ACCOUNTS = 256;
const TIDY_EVERY_MS = 1_000;

/** Who is connected, and how much of the daemon each uid has taken. */
export class Connections {
  readonly #options: ConnectionsOptions;
  #allowances: Readonly<Record<Access, Allowance>>;
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #accounts = new Map<number, Account>();
  #tidiedAtMs = 0;
  #ofOthers = 0;
  /** How many connections are open. */
  open = 0;
  accepted = 0;
  turnedAway = 0;
  /** Requests on all of them so far. */
  requests = 0;
  /** Requests of those who had asked for too much. */
  refusedRequests = 0;
  /** Connections that sent request after request without waiting. */
  cutOff = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#allowances = options.allowances;
  }

  /** Holds everybody to these from now on. */
  allow(allowances: Readonly<Record<Access, Allowance>>): void {
    this.#allowances = allowances;
    for (const [id, account] of this.#accounts) account.allow(allowances[accessOfId(id)]);
  }

  /** @returns undefined for a connection too many, of which nothing is remembered */
  accept(socket: Socket): Connection | undefined {
    const peer = this.#options.identify(socket);
    const access = this.#options.accessOf(peer);
    const account = this.#account(peer?.uid ?? UNKNOWN, access);
    if (!this.#admits(access, account)) {
      this.turnedAway++;
      return undefined;
    }
    const connection: Connection = { peer, access, account, latest: undefined };
    this.#connections.set(socket, connection);
    this.#count(connection, 1);
    this.accepted++;
    socket.once("close", () => this.#count(connection, -1));
    return connection;
  }

  /** How many users have connections open; those of whom nothing is known count as one. */
  get users(): number {
    const open = [...this.#accounts].filter(([, { connections }]) => connections > 0);
    return new Set(open.map(([id]) => Math.floor(id / ACCESS_IDS.length))).size;
  }

  get(socket: Socket): Connection | undefined {
    return this.#connections.get(socket);
  }

  #admits(access: Access, account: Account): boolean {
    if (account.connections >= this.#allowances[access].connections) return false;
    if (access !== "admin" && this.#ofOthers >= MAX_CONNECTIONS) return false;
    return account.take(COSTS.connection);
  }

  #count({ access, account }: Connection, change: 1 | -1): void {
    account.connections += change;
    this.open += change;
    if (access !== "admin") this.#ofOthers += change;
  }

  /**
   * One for each uid and what it may do: somebody who has just been given more, and so has connected
   * anew, is not held to the old.
   */
  #account(uid: number, access: Access): Account {
    const id = uid * ACCESS_IDS.length + ACCESS_IDS.indexOf(access);
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    this.#tidy();
    const account = new Account(this.#allowances[access], this.#options.nowMs);
    this.#accounts.set(id, account);
    return account;
  }

  /** An account outlives its connections: who is out of requests must not get more by reconnecting. */
  #tidy(): void {
    const nowMs = this.#options.nowMs();
    if (this.#accounts.size < TIDY_ACCOUNTS || nowMs - this.#tidiedAtMs < TIDY_EVERY_MS) return;
    this.#tidiedAtMs = nowMs;
    for (const [id, account] of this.#accounts) if (account.isUnused) this.#accounts.delete(id);
  }
}

const ACCESS_IDS: readonly Access[] = ["anyone", "verifier", "admin"];

function accessOfId(id: number): Access {
  // Negative for those of whom nothing is known.
  const index = ((id % ACCESS_IDS.length) + ACCESS_IDS.length) % ACCESS_IDS.length;
  return ACCESS_IDS[index] ?? "anyone";
}
