import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { rawHeader } from "../api/raw_headers.ts";

/** As much of node's parser, on either runtime, as is used here. */
interface Parsing {
  readonly parser?: {
    /** Is given each request when its headers are there, and says how to go on. */
    onIncoming?: (request: IncomingMessage, keepAlive: boolean) => number;
  } | null;
}

/** What tells the parser that HTTP ends here. */
const NO_MORE_HTTP = 2;

/**
 * Looks at nothing any more that comes over a connection. What has been read at once may hold
 * hundreds of requests, and a destroyed socket does not keep node from taking them all apart: ten
 * milliseconds of everybody's time for each connection.
 */
export function stopReading(socket: Socket): void {
  const { parser } = socket as Parsing;
  if (parser) parser.onIncoming = () => NO_MORE_HTTP;
}

/**
 * Takes no bodies in chunks from a connection: one of a million chunks of one octet each costs a
 * thousand times what its sender pays for it, and whoever sends JSON knows how long it is. It has to
 * be here, before node takes apart what it has read.
 */
export function refuseChunks(socket: Socket, refuse: () => void): void {
  const { parser } = socket as Parsing;
  const takeIn = parser?.onIncoming;
  if (!parser || takeIn === undefined) throw new TypeError("a parser that nobody knows");
  parser.onIncoming = (request, keepAlive) => {
    if (rawHeader(request.rawHeaders, "transfer-encoding") === undefined) {
      return takeIn.call(parser, request, keepAlive);
    }
    stopReading(socket);
    refuse();
    return NO_MORE_HTTP;
  };
}
