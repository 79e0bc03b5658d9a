import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { stopReading } from "./cut_off.ts";

/**
 * How many requests one connection may have under way. Clients that wait for answers have one; those
 * that send thousands at once and read nothing would have the daemon hold all the answers.
 */
export const MAX_REQUESTS_UNDER_WAY = 16;

/** Cuts off connections that overdo pipelining. */
export class Pipelining {
  readonly #onCutOff: (socket: Socket) => void;
  readonly #underWay = new WeakMap<Socket, number>();

  /** @param onCutOff is told once of each */
  constructor(onCutOff: (socket: Socket) => void) {
    this.#onCutOff = onCutOff;
  }

  /** @returns false where that was one request too many */
  admits(socket: Socket, response: ServerResponse): boolean {
    const count = this.#count(socket, 1);
    response.once("close", () => this.#count(socket, -1));
    if (count <= MAX_REQUESTS_UNDER_WAY) return true;
    if (!socket.destroyed) this.#onCutOff(socket);
    socket.destroy();
    stopReading(socket);
    return false;
  }

  #count(socket: Socket, change: 1 | -1): number {
    const count = (this.#underWay.get(socket) ?? 0) + change;
    this.#underWay.set(socket, count);
    return count;
  }
}
