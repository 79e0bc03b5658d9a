import { createParser } from "eventsource-parser";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers";
import { AppError } from "../errors.ts";
import { EVENTS_PATH, HEARTBEAT_MS } from "../protocol/events.ts";
import { type ConnectionOptions, connectTrusted } from "./connection.ts";
import { type KeyEvent, parseKeyEvent } from "./key_event.ts";
import { parseJson } from "./parse_json.ts";
import { incomprehensible, problemError } from "./problem.ts";

export interface EventStreamListener {
  readonly onEvent: (event: KeyEvent) => void;
  readonly onHeartbeat: () => void;
}

export interface EventStreamOptions extends ConnectionOptions {
  readonly lastEventId: string | undefined;
  readonly stop: AbortSignal;
  /** The daemon has let this process in. */
  readonly onOpen: () => void;
}

/** A stream that is silent for so long is dead. */
const MAX_SILENCE_MS = 3 * HEARTBEAT_MS;

/** An event takes about 150 characters. */
const MAX_EVENT_CHARACTERS = 64 * 1024;

/** A problem document takes about 200 octets. */
const MAX_PROBLEM_CHARACTERS = 64 * 1024;

/**
 * Follows one stream of events until it ends.
 *
 * @throws AppError for a daemon that cannot be reached, refuses, or falls silent
 */
export async function followStream(
  options: EventStreamOptions,
  listener: EventStreamListener,
): Promise<void> {
  const socket = await connectTrusted(options);
  const stop = () => socket.destroy();
  const silence = setTimeout(stop, MAX_SILENCE_MS);
  silence.unref();
  options.stop.addEventListener("abort", stop);
  if (options.stop.aborted) stop();
  try {
    const response = await requestEvents(socket, options.lastEventId);
    options.onOpen();
    await readEvents(response, {
      onEvent(event) {
        silence.refresh();
        // Whoever waits for a first event must live to see it; afterwards a server that has stopped
        // serving may end.
        socket.unref();
        listener.onEvent(event);
      },
      onHeartbeat() {
        silence.refresh();
        listener.onHeartbeat();
      },
    });
  } finally {
    clearTimeout(silence);
    options.stop.removeEventListener("abort", stop);
    socket.destroy();
  }
}

function requestEvents(socket: Socket, lastEventId: string | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    Host: "localhost",
    Connection: "close",
    Accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
  };
  const options = { createConnection: () => socket, path: EVENTS_PATH, headers };
  const request = httpRequest(options, (response) => {
    assertEventStream(response).then(() => resolve(response), reject);
  });
  const fail = (cause?: Error) => {
    reject(new AppError("ERR_SOCKET", "the daemon gives no events", { cause }));
  };
  request.once("error", fail);
  request.once("close", () => fail());
  socket.once("close", () => fail());
  if (socket.destroyed) fail();
  request.end();
  return promise;
}

async function assertEventStream(response: IncomingMessage): Promise<void> {
  const isStream = /^text\/event-stream *(;|$)/i.test(response.headers["content-type"] ?? "");
  if (response.statusCode === 200 && isStream) return;
  if (response.statusCode === 200) throw incomprehensible();
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MAX_PROBLEM_CHARACTERS) throw incomprehensible();
  }
  throw problemError(parseJson(text));
}

function readEvents(response: IncomingMessage, listener: EventStreamListener): Promise<void> {
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: (message) => listener.onEvent(parseKeyEvent(message)),
    onComment: () => listener.onHeartbeat(),
  });
  return new Promise((resolve, reject) => {
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      try {
        parser.feed(text);
      } catch (error) {
        reject(error);
      }
    });
    // However it ends: what counts is that it has.
    for (const end of ["end", "error", "close"]) response.once(end, () => resolve());
  });
}
