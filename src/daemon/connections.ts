import type { Socket } from "node:net";
import { AppError } from "../errors.ts";
import type { PeerCredentials } from "../model/peer_credentials.ts";

/** Connections that one uid may have open at a time; more are turned away as they come. */
export const MAX_CONNECTIONS_PER_UID = 128;

/** The open connections, each with the identity that the kernel gave at accept. */
export class Connections {
  readonly #identify: (socket: Socket) => PeerCredentials | undefined;
  readonly #peers = new WeakMap<Socket, PeerCredentials>();
  readonly #counts = new Map<number, number>();

  constructor(identify: (socket: Socket) => PeerCredentials | undefined) {
    this.#identify = identify;
  }

  /** @throws AppError ERR_TOO_MANY_CONNECTIONS for one too many from a uid */
  accept(socket: Socket): void {
    const peer = this.#identify(socket);
    if (peer !== undefined) this.#peers.set(socket, peer);
    // Peers of whom nothing is known share one count.
    const uid = peer?.uid ?? -1;
    const count = (this.#counts.get(uid) ?? 0) + 1;
    this.#counts.set(uid, count);
    socket.once("close", () => this.#release(uid));
    if (count > MAX_CONNECTIONS_PER_UID) {
      const text = `more than ${MAX_CONNECTIONS_PER_UID} connections from one user`;
      throw new AppError("ERR_TOO_MANY_CONNECTIONS", text);
    }
  }

  peer(socket: Socket): PeerCredentials | undefined {
    return this.#peers.get(socket);
  }

  #release(uid: number): void {
    const count = (this.#counts.get(uid) ?? 1) - 1;
    if (count > 0) this.#counts.set(uid, count);
    else this.#counts.delete(uid);
  }
}
