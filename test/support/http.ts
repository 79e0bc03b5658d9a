import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  /** 0 for a connection closed without an answer */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A Unix domain socket, or a TCP port of this host. */
export type Place = string | number;

/** Sends one request on a connection of its own. */
export function send(place: Place, request: Request): Promise<Answer> {
  return sendRaw(place, encodeRequest(request));
}

export function connectTo(place: Place): Socket {
  return typeof place === "number" ? connect(place, "127.0.0.1") : connect(place);
}

/** A request whose body is JSON. */
export function jsonRequest(method: string, path: string, body: unknown): Request {
  const headers = { "Content-Type": "application/json" };
  return { method, path, headers, body: JSON.stringify(body) };
}

/** With the length of the body, which stands in no other header here. */
export function encodeRequest({ method, path, headers = {}, body }: Request): string {
  const fields = {
    Host: "localhost",
    Connection: "close",
    ...(body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

/** Sends octets as they are, and reads until the other end closes. */
export function sendRaw(place: Place, octets: string | Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connectTo(place);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      // Events come until one of the two goes.
      if (/^content-type: text\/event-stream/im.test(chunk.toString("latin1"))) socket.end();
    });
    // A server that refuses a body need not read it before it closes.
    socket.once("error", (error) => chunks.length > 0 ? undefined : reject(error));
    socket.once("close", () => resolve(parseAnswer(Buffer.concat(chunks).toString())));
    socket.write(octets);
  });
}

/** The first answer in what a server sent. */
export function parseAnswer(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, Math.max(end, 0)).split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const rest = text.slice(end + 4);
  const body = headers["transfer-encoding"] === "chunked" ? joinChunks(rest) : rest;
  return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body };
}

function joinChunks(text: string): string {
  let body = "";
  for (let rest = text;;) {
    const [size = ""] = rest.split("\r\n", 1);
    const length = Number.parseInt(size, 16);
    if (!(length > 0)) return body;
    body += rest.slice(size.length + 2, size.length + 2 + length);
    rest = rest.slice(size.length + 2 + length + 2);
  }
}
