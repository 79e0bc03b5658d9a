import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * How many requests one connection may have under way. Clients that wait for answers have one; those
 * that send thousands at once and read nothing would have the daemon hold all the answers.
 */
export const MAX_REQUESTS_UNDER_WAY = 16;

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The same listener, for connections that do not overdo pipelining; others are cut off. */
export function limitPipelining(listener: Listener): Listener {
  const underWay = new WeakMap<Socket, number>();
  return function limitedListener(request, response) {
    const { socket } = request;
    const count = (underWay.get(socket) ?? 0) + 1;
    if (count > MAX_REQUESTS_UNDER_WAY) {
      socket.destroy();
      return;
    }
    underWay.set(socket, count);
    response.once("close", () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
    return listener(request, response);
  };
}
