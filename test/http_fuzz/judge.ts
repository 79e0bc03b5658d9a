import { parseAnswers, type WireAnswer } from "./answers.ts";
import type { HttpCase } from "./case.ts";
import type { Exchange } from "./lane.ts";
import { type Role, WORLD } from "./world.ts";

export interface Judgement {
  readonly answers: readonly WireAnswer[];
  /** What is wrong; undefined when nothing is. */
  readonly problem: string | undefined;
}

/** Whether what came back for a case may come back for it. */
export function judge(made: HttpCase, exchange: Exchange): Judgement {
  const sent = Buffer.from(made.bytes).toString("latin1");
  const { answers: all, rest, problem } = parseAnswers(exchange.received, sent.includes("HEAD"));
  const answers = all.filter(({ status }) => status >= 200);
  return {
    answers,
    problem: problem ?? judgeEnd(exchange, rest) ?? judgeCount(made, sent, answers) ??
      judgeCompleteness(made, exchange, answers) ??
      first(answers, (answer, index) => judgeAnswer(made, sent, answer, index)),
  };
}

function judgeEnd({ ending }: Exchange, rest: string): string | undefined {
  if (ending === "stuck") return "the daemon does not close the connection";
  if (rest !== "" && ending === "closed") return `half an answer: ${JSON.stringify(rest)}`;
  return undefined;
}

/** Versions end request lines; HTTP/0.9 has none. What comes after the last may be an error, too. */
const REQUEST_LINES = /(?:HTTP|RTSP|ICE)\/|^[A-Z]+ [^ ]+ *$/gim;

function judgeCount(
  { expectation }: HttpCase,
  sent: string,
  { length }: readonly WireAnswer[],
): string | undefined {
  const most = expectation.most ?? (sent.match(REQUEST_LINES)?.length ?? 0) + 1;
  return length > most ? `${length} answers to ${most} requests` : undefined;
}

/** An answer that an administrator waits for has to come. */
function judgeCompleteness(
  { expectation, delivery, role }: HttpCase,
  { ending }: Exchange,
  answers: readonly WireAnswer[],
): string | undefined {
  const { most = 0, verdicts = [], isCertain } = expectation;
  if (!isCertain || role !== "admin" || delivery.then !== "wait") return undefined;
  if (answers.length >= most) return undefined;
  // What is not HTTP is refused, and ends the connection.
  const last = answers.at(-1);
  if (last !== undefined && verdicts[answers.length - 1] === undefined) return undefined;
  return `${answers.length} of ${most} answers, then ${ending}`;
}

function judgeAnswer(
  { role, expectation, delivery }: HttpCase,
  sent: string,
  answer: WireAnswer,
  index: number,
): string | undefined {
  const { status, headers, body } = answer;
  const yes = isYes(answer);
  const about = () => `${status} ${JSON.stringify([...headers])} ${JSON.stringify(body)}`;
  if (yes !== undefined && yes !== WORLD.alias) return `another key's alias: ${about()}`;
  if (role === "stranger" && status < 400) return `a stranger gets ${about()}`;
  if (yes !== undefined && !mayBeYes(sent, expectation.verdicts, index)) return `yes: ${about()}`;
  if (mustBeYes(role, expectation, index) && delivery.then === "wait" && yes === undefined) {
    return `not yes: ${about()}`;
  }
  if (status >= 500) return about();
  if (status >= 400) return judgeProblem(role, answer);
  return undefined;
}

function mayBeYes(
  sent: string,
  verdicts: readonly (boolean | undefined)[] | undefined,
  index: number,
): boolean {
  if (verdicts !== undefined) return verdicts[index] === true;
  // A body may spell it with escapes.
  return sent.includes(WORLD.key) || sent.includes("\\u0065");
}

function mustBeYes(role: Role, expectation: HttpCase["expectation"], index: number): boolean {
  return role === "admin" && expectation.isCertain && expectation.verdicts?.[index] === true;
}

/** @returns the alias of the key that is said to be valid */
function isYes({ status, headers, body }: WireAnswer): string | undefined {
  const alias = headers.get("x-apikey-alias");
  if (alias !== undefined) return alias;
  if (status !== 200 || !body.includes('"valid":true')) return undefined;
  return /"valid":true,"code":"VALID","alias":"([^"]*)"/.exec(body)?.[1] ?? "";
}

function judgeProblem(role: Role, { status, headers, body }: WireAnswer): string | undefined {
  const about = () => `no problem document: ${status} ${JSON.stringify([...headers, body])}`;
  if (status === 401) {
    if (role === "stranger") return "a stranger gets 401";
    return body === "" && headers.get("www-authenticate") === "Bearer" ? undefined : about();
  }
  // The answer to HEAD.
  if (body === "" && headers.get("content-type") === "application/problem+json") return undefined;
  if (headers.get("content-type") !== "application/problem+json") return about();
  try {
    const problem = JSON.parse(body) as Record<string, unknown>;
    const isProblem = problem["status"] === status && typeof problem["title"] === "string" &&
      typeof problem["code"] === "string" && /^[0-9a-z]{8}-\d+$/.test(`${problem["requestId"]}`);
    return isProblem ? undefined : about();
  } catch {
    return about();
  }
}

function first<T>(
  items: readonly T[],
  find: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
