/** One answer as it stood on the wire. */
export interface WireAnswer {
  readonly status: number;
  /** By lower-case name; of a name that is there twice, both. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What came back on one connection. */
export interface WireAnswers {
  readonly answers: readonly WireAnswer[];
  /** What is behind them: the beginning of another one, if anything. */
  readonly rest: string;
  /** Why it is not HTTP; undefined if it is. */
  readonly problem: string | undefined;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [\x20-\x7e]*$/;
const FIELD_LINE = /^([!#$%&'*+.^`|~\w-]+): ([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Takes what a server sent apart, as strictly as RFC 9112 allows.
 *
 * @param text one character an octet
 * @param mayBeHead whether some of it may answer HEAD, so that nothing follows its lengths
 */
export function parseAnswers(text: string, mayBeHead: boolean): WireAnswers {
  const answers: WireAnswer[] = [];
  for (let rest = text;;) {
    if (rest === "") return { answers, rest, problem: undefined };
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return { answers, rest, problem: undefined };
    const parsed = parseHead(rest.slice(0, end));
    if (typeof parsed === "string") return { answers, rest, problem: parsed };
    const { status, headers } = parsed;
    const behind = rest.slice(end + 4);
    const isBare = status < 200 || status === 204 || status === 304 ||
      (mayBeHead && (behind === "" || behind.startsWith("HTTP/1.1 ")));
    const body = isBare ? { text: "", length: 0 } : takeBody(headers, behind);
    if (typeof body === "string") return { answers, rest, problem: body };
    if (body === undefined) return { answers, rest, problem: undefined };
    answers.push({ status, headers, body: body.text });
    rest = behind.slice(body.length);
  }
}

function parseHead(head: string): Omit<WireAnswer, "body"> | string {
  const [statusLine = "", ...lines] = head.split("\r\n");
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return `a status line like ${JSON.stringify(statusLine)}`;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ""] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined) return `a header like ${JSON.stringify(line)}`;
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return { status: Number(status), headers };
}

/** @returns undefined while there is more to come */
function takeBody(headers: WireAnswer["headers"], behind: string) {
  if (headers.get("transfer-encoding") !== undefined) return takeChunks(behind);
  const declared = headers.get("content-length");
  // For HTTP/1.0 the end of the connection is the end of the body.
  if (declared === undefined && headers.get("connection") === "close") {
    return { text: behind, length: behind.length };
  }
  if (!/^\d+$/.test(declared ?? "")) return `an answer without length, or with ${declared}`;
  const length = Number(declared);
  return behind.length < length ? undefined : { text: behind.slice(0, length), length };
}

function takeChunks(behind: string) {
  let text = "";
  for (let at = 0;;) {
    const end = behind.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = behind.slice(at, end);
    if (!/^[0-9a-f]+$/i.test(size)) return `a chunk size like ${JSON.stringify(size)}`;
    const length = Number.parseInt(size, 16);
    const next = end + 2 + length + 2;
    if (behind.length < next) return undefined;
    text += behind.slice(end + 2, end + 2 + length);
    if (length === 0) return { text, length: next };
    at = next;
  }
}
