import type { Random } from "../fuzz/random.ts";
import { WORLD } from "./world.ts";

/** A request with another one where RFC 9112 sees a body, or nothing at all. */
export interface Framing {
  readonly name: string;
  readonly text: string;
  /** How many requests there are at the most. */
  readonly most: number;
}

/** What must never be obeyed: the first two would be seen in an answer, the last in the keystore. */
const SMUGGLED = [
  `GET /v1/auth HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${WORLD.key}\r\n\r\n`,
  `POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 46\r\n` +
  `\r\n{"key":"${WORLD.key}"}`,
  `DELETE /v1/keys/${WORLD.canary} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
];

/** Lines that take the place of `Content-Length: N`; what is behind the head is never a request. */
const LENGTHS: Readonly<Record<string, (length: number) => string>> = {
  "length": (length) => `Content-Length: ${length}`,
  "length, chunked": (length) => `Content-Length: ${length}\r\nTransfer-Encoding: chunked`,
  "chunked, length": (length) => `Transfer-Encoding: chunked\r\nContent-Length: ${length}`,
  "no length, chunked": () => "Content-Length: 0\r\nTransfer-Encoding: chunked",
  "two lengths": (length) => `Content-Length: 0\r\nContent-Length: ${length}`,
  "two lengths, turned": (length) => `Content-Length: ${length}\r\nContent-Length: 0`,
  "list of lengths": (length) => `Content-Length: 0, ${length}`,
  "plus": (length) => `Content-Length: +${length}`,
  "minus": (length) => `Content-Length: -${length}`,
  "hexadecimal": (length) => `Content-Length: 0x${length.toString(16)}`,
  "huge": () => "Content-Length: 18446744073709551616",
  "huge and 0": () => "Content-Length: 42949672960",
  "blank in it": (length) => `Content-Length: 0 ${length}`,
  "blank before the colon": (length) => `Content-Length : ${length}`,
  "NUL behind it": (length) => `Content-Length: ${length}\0`,
  "folded length": (length) => `Content-Length:\r\n ${length}`,
  "leading zeros": (length) => `Content-Length: 000${length}`,
  "TE.TE": () => "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  "TE.TE, turned": () => "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
  "not chunked": () => "Transfer-Encoding: xchunked",
  "chunked in quotes": () => 'Transfer-Encoding: "chunked"',
  "chunked, identity": () => "Transfer-Encoding: chunked, identity",
  "tab": () => "Transfer-Encoding:\tchunked",
  "vertical tab": () => "Transfer-Encoding: \vchunked",
  "blank before TE's colon": () => "Transfer-Encoding : chunked",
  "folded TE": () => "Transfer-Encoding:\r\n chunked",
  "hidden TE": () => "X: y\nTransfer-Encoding: chunked",
  "hidden behind CR": (length) => `X: y\rContent-Length: ${length}`,
  "TE in another header": (length) => `X: Transfer-Encoding: chunked\r\nContent-Length: ${length}`,
  "case": (length) => `cONTENT-lENGTH: ${length}`,
  "underscore": (length) => `Content_Length: 0\r\nContent-Length: ${length}`,
  "trailing comma": () => "Transfer-Encoding: chunked,",
  "gzip": (length) => `Transfer-Encoding: gzip\r\nContent-Length: ${length}`,
};

/** Bodies that hold `smuggled`, from their first octet or behind what looks like an end. */
const HOLDERS: Readonly<Record<string, (smuggled: string) => string>> = {
  "all of it": (smuggled) => smuggled,
  "in a chunk": (smuggled) => `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
  "in a chunk extension": (smuggled) => `1;${smuggled.split("\r\n")[0]}\r\nx\r\n0\r\n\r\n`,
  "in a bad chunk": (smuggled) => `zz\r\n${smuggled}`,
  "in a chunk too short": (smuggled) => `2\r\nab${smuggled}`,
  "chunk size with a sign": (smuggled) => `+0\r\n\r\n${smuggled}`,
  "chunk size in hexadecimal": (smuggled) => `0x0\r\n\r\n${smuggled}`,
  "chunk size with blanks": (smuggled) => `0 x\r\n\r\n${smuggled}`,
  "huge chunk": (smuggled) => `fffffffffffffffff\r\n${smuggled}`,
  "bare LF in a chunk": (smuggled) => `1\nx\n0\n\n${smuggled}`,
};

/** Those lengths whose body is certain to be all that follows, or that are refused. */
export const FRAMINGS: readonly ((random: Random) => Framing)[] = [
  framed,
  framed,
  framed,
  trailers,
];

function framed(random: Random): Framing {
  const name = random.pick(Object.keys(LENGTHS));
  const holder = random.pick(Object.keys(HOLDERS));
  const body = HOLDERS[holder]?.(random.pick(SMUGGLED)) ?? "";
  const method = random.pick(["POST", "POST", "GET", "OPTIONS"]);
  const target = random.pick(["/v1/verify", "/v1/auth", "/v1/keys", "/v1/nothing"]);
  const head = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json`;
  return {
    name: `${method} ${name}, ${holder}`,
    text: `${head}\r\n${LENGTHS[name]?.(body.length)}\r\n\r\n${body}`,
    most: 1,
  };
}

function trailers(random: Random): Framing {
  const name = random.pick(["Authorization", "X-API-Key", "Content-Length", "Host"]);
  const head = "GET /v1/auth HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  return { name: `trailer ${name}`, text: `${head}0\r\n${name}: ${WORLD.key}\r\n\r\n`, most: 1 };
}
