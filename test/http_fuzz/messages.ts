import type { Random } from "../fuzz/random.ts";
import { changed } from "./authorizations.ts";
import { WORLD } from "./world.ts";

/** A request in HTTP, one character an octet. */
export interface Message {
  readonly text: string;
}

/** A request about keys in its body; what the answer says of the first of them. */
export interface VerdictMessage extends Message {
  readonly name: string;
  /** undefined where the request is refused as a whole */
  readonly isValid: boolean | undefined;
}

const { key, expiredKey, alias } = WORLD;
const JSON_TYPE = "Content-Type: application/json\r\n";

/** Bodies that ask whether a key is valid. */
export const VERDICTS: readonly ((random: Random) => VerdictMessage)[] = [
  verify("valid", true, () => JSON.stringify({ key })),
  verify("escaped", true, () => `{"\\u006bey":"\\u0065${key.slice(1)}"}`),
  verify("duplicate, the last valid", true, () => `{"key":"x","key":"${key}"}`),
  verify("duplicate, the last not valid", false, () => `{"key":"${key}","key":"x"}`),
  verify("expired", false, () => JSON.stringify({ key: expiredKey })),
  verify("changed", false, (random) => JSON.stringify({ key: changed(random) })),
  verify("alias", false, () => JSON.stringify({ key: alias })),
  verify("blanks", false, () => JSON.stringify({ key: ` ${key}` })),
  verify("empty", false, () => JSON.stringify({ key: "" })),
  verify("NUL", false, () => JSON.stringify({ key: `${key}\0` })),
  verify("lone surrogate", false, () => `{"key":"${key}\\ud800"}`),
  verify("long", false, (random) => JSON.stringify({ key: key.repeat(2 + random.below(1_000)) })),
  verify("prototype", undefined, () => `{"key":"x","__proto__":{"key":"${key}"}}`),
  verify(
    "constructor",
    undefined,
    () => `{"key":"x","constructor":{"prototype":{"key":"${key}"}}}`,
  ),
  verify("prototype alone", undefined, () => `{"__proto__":{"key":"${key}"}}`),
  verify("unknown field", undefined, () => JSON.stringify({ key, valid: true })),
  verify("array", undefined, () => JSON.stringify({ key: [key] })),
  verify("number", undefined, () => `{"key":1e999}`),
  verify("object", undefined, () => JSON.stringify({ key: { key } })),
  verify("null", undefined, () => `{"key":null}`),
  verify("bare", undefined, () => JSON.stringify(key)),
  verify("in a list", undefined, () => JSON.stringify([{ key }])),
  verify("deep", undefined, (random) => "[".repeat(random.below(20_000))),
  verify("comments", undefined, () => `{/**/"key":"${key}"}`),
  verify("single quotes", undefined, () => `{'key':'${key}'}`),
  verify("trailing comma", undefined, () => `{"key":"${key}",}`),
  verify("two documents", undefined, () => `{"key":"${key}"}{"key":"${key}"}`),
  verify("UTF-16", undefined, () => Buffer.from(`{"key":"${key}"}`, "utf16le").toString("latin1")),
  verify("bad UTF-8", false, () => `{"key":"\xc3\x28\xff${key}"}`),
  verify("gzip", undefined, () => "\x1f\x8b\x08\0\0\0\0\0\0\x03", "Content-Encoding: gzip\r\n"),
  verify("form", undefined, () => `key=${key}`),
  batch("batch", true, () => [key, expiredKey]),
  batch("batch of others", false, (random) => [changed(random), expiredKey, alias]),
  batch("batch, none", undefined, () => []),
  batch("batch, 1,000", true, () => [key, ...Array<string>(999).fill(expiredKey)]),
  batch("batch, 1,001", undefined, () => [key, ...Array<string>(1_000).fill(expiredKey)]),
  batch("batch of wrong types", undefined, () => [key, 1, null, [key], { key }]),
  large(batch("batch, 100,000", undefined, () => Array<string>(100_000).fill("x"))),
];

/** What takes long is rare. */
function large(make: (random: Random) => VerdictMessage) {
  const otherwise = batch("batch of one", false, () => ["x"]);
  return (random: Random) => random.oneIn(50) ? make(random) : otherwise(random);
}

function verify(
  name: string,
  isValid: boolean | undefined,
  body: (random: Random) => string,
  headers = "",
) {
  return (random: Random): VerdictMessage => {
    return { name, isValid, text: post("/v1/verify", JSON_TYPE + headers, body(random)) };
  };
}

function batch(
  name: string,
  isValid: boolean | undefined,
  keys: (random: Random) => readonly unknown[],
) {
  return (random: Random): VerdictMessage => {
    const body = JSON.stringify({ keys: keys(random) });
    return { name, isValid, text: post("/v1/verify/batch", JSON_TYPE, body) };
  };
}

export function post(target: string, headers: string, body: string): string {
  const length = `Content-Length: ${body.length}\r\n`;
  return `POST ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}${length}\r\n${body}`;
}

/** Nothing here changes a keystore as it stands, and next to nothing when it has been damaged. */
const METHODS = [
  ...["GET", "GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "get"],
  ...[
    "CONNECT",
    "PRI",
    "QUERY",
    "SEARCH",
    "G",
    "GETGET",
    "M-SEARCH",
    "",
    "\xc3\xa9",
    "GET\t",
    "GE T",
  ],
];

const TARGETS = [
  ...["/v1/auth", "/v1/auth", "/v1/verify", "/v1/verify/batch", "/v1/keys", "/v1/status"],
  ...[`/v1/keys/${alias}`, "/v1/keys/%00", "/v1/keys/%", "/v1/keys/%zz", "/v1/keys/%e2%82%ac"],
  ...["/v1/keys/\xe2\x82\xac", "/v1/keys/%F0%9F", "/v1/keys/a/b", "/v1/keys/a%2Fb", "/v1/keys/.."],
  ...["/v1/../v1/auth", "/v1/./auth", "//v1/auth", "///", "//localhost/v1/auth", "/v1//auth"],
  ...[
    "/v1/auth/",
    "/V1/AUTH",
    "/v1/auth?",
    "/v1/auth?key=x",
    "/v1/auth#x",
    "/v1/auth;x",
    "/v1%2fauth",
  ],
  ...[
    "/%76%31/auth",
    "\\v1\\auth",
    "/v1/auth\0",
    "/v1/auth%0d%0aX: y",
    "*",
    "",
    "?",
    "#",
    "v1/auth",
  ],
  ...[
    "http://localhost/v1/auth",
    "http://evil/v1/keys",
    "https://x:99999/",
    "http://[::1/",
    "http://",
  ],
  ...[
    "file:///etc/passwd",
    "javascript:x",
    "localhost:80",
    "//[",
    "/\x01",
    "/\xff\xfe",
    "/v1/keystore",
  ],
  ...["/v1/keystore/check", "/v1/health", "/metrics", "/__proto__", "/v1/keys/__proto__"],
  ...["/v1/keys/constructor", `/${"a".repeat(8_000)}`, `/v1/keys/${"%41".repeat(2_000)}`],
];

const VERSIONS = [
  ...Array<string>(12).fill("HTTP/1.1"),
  ...[
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/3",
    "HTTP/1.10",
    "http/1.1",
    "HTTP/ 1.1",
    "HTTP/1.1 ",
  ],
  ...["HTTP/1", "RTSP/1.0", "ICE/1.0", "", "HTTP/11.1", "HTTP/-1.1"],
];

const FIELDS = [
  ...[
    "Host: localhost",
    "Host: a b",
    "Host:",
    "Host: [::1",
    "Host: \xff",
    "Host: x/y?z",
    "Host: x:99999",
  ],
  ...[
    "Connection: close",
    "Connection: keep-alive",
    "Connection: upgrade, close",
    "Connection: \x7f",
  ],
  ...[
    "Upgrade: websocket",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAAQAAP__",
    "Expect: 100-continue",
  ],
  ...["Expect: 200-ok", "Expect:", "Origin: null", "Origin: http://localhost", "Accept: \xc3\xa9"],
  ...["Accept-Encoding: gzip", "Content-Type: application/json", "Content-Type: application/json;"],
  ...[
    "Content-Type: text/plain",
    "Content-Type: \x80",
    "Content-Encoding: gzip",
    "Range: bytes=0-",
  ],
  ...["X-HTTP-Method-Override: DELETE", "X-Forwarded-For: 127.0.0.1", "X-Remote-User: root"],
  ...[
    "If-None-Match: *",
    "TE: trailers",
    "Trailer: X-API-Key",
    "Max-Forwards: 0",
    "Date: yesterday",
  ],
  ...["Keep-Alive: timeout=99999", "Cookie: a=b; __proto__=c", "__proto__: x", "constructor: y"],
  ...[`Authorization: Bearer ${expiredKey}`, "Authorization: Negotiate", "X-API-Key:", "X:"],
  ...["Content-Length: 0", "Content-Length: 1", "Content-Length: +1", "Content-Length: -1"],
  ...["Content-Length: 0x10", "Content-Length: 1e3", "Content-Length: 99999999999999999999"],
  ...["Content-Length: 65537", "Content-Length: 1, 1", "Content-Length:", "Content-Length: 1 1"],
  ...[
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip, chunked",
  ],
  ...["Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding:"],
  `X: ${"x".repeat(20_000)}`,
];

const BODIES = [
  ...["", "", "", "{}", "null", `{"alias":"x"`, `{"alias":7}`, `{"key":"x"}`, `{"keys":["x","y"]}`],
  ...[
    "0\r\n\r\n",
    "2\r\n{}\r\n0\r\n\r\n",
    "2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "zz\r\n{}\r\n",
    "-1\r\n",
  ],
  ...[
    "ffffffffffffffff\r\n",
    "10000000000000000\r\n",
    "1\r\nab\r\n",
    "2\n{}\n0\n\n",
    "\xef\xbb\xbf{}",
  ],
  ...[
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    "\0".repeat(99),
  ],
];

/** Something between a proper request and nonsense. */
export function plainMessage(random: Random, history: string[]): Message {
  if (random.oneIn(3)) {
    const { name, text } = random.pick(VERDICTS)(random);
    history.push(`verify: ${name}`);
    return { text };
  }
  const method = random.oneIn(2) ? "GET" : random.pick(METHODS);
  const target = random.pick(TARGETS);
  const version = random.pick(VERSIONS);
  history.push(`${method} ${target.slice(0, 30)} ${version}`);
  const fields = Array.from({ length: random.below(5) }, () => random.pick(FIELDS));
  const host = random.oneIn(8) ? [] : ["Host: localhost"];
  const lines = [`${method} ${target} ${version}`, ...host, ...fields];
  return { text: `${lines.join("\r\n")}\r\n\r\n${random.pick(BODIES)}` };
}
