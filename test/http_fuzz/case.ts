import { BYTE_MUTATORS } from "../fuzz/mutators/bytes.ts";
import { Random } from "../fuzz/random.ts";
import { AUTHORIZATIONS } from "./authorizations.ts";
import { DELIVERIES, type Delivery } from "./deliveries.ts";
import { FRAMINGS } from "./framings.ts";
import { type Message, plainMessage, VERDICTS } from "./messages.ts";
import { mutateText } from "./mutators.ts";
import type { Role } from "./world.ts";

/** What may come back for a case. */
export interface Expectation {
  /** How many answers at the most; undefined for as many as there are things like request lines. */
  readonly most: number | undefined;
  /** What each answer has to say of a key, where that is certain; in order. */
  readonly verdicts: readonly (boolean | undefined)[] | undefined;
  /** Whether every one of them has to come. */
  readonly isCertain: boolean;
}

/** What is sent on one connection. */
export interface HttpCase {
  readonly number: number;
  readonly role: Role;
  readonly bytes: Uint8Array;
  readonly delivery: Delivery;
  readonly expectation: Expectation;
  /** What it was made of and how, for people. */
  readonly history: readonly string[];
}

type Maker = (
  random: Random,
  history: string[],
) => Omit<HttpCase, "number" | "role" | "delivery" | "history">;

const UNCERTAIN: Expectation = { most: undefined, verdicts: undefined, isCertain: false };

/** @param number which case of this seed */
export function makeCase(seed: number, number: number): HttpCase {
  const random = new Random(seed, number);
  const role = roleOf(number);
  const history: string[] = [role];
  const made = random.pick(MAKERS)(random, history);
  const delivery = random.oneIn(4) ? random.pick(DELIVERIES) : DELIVERIES[0] as Delivery;
  history.push(delivery.name);
  return { number, role, ...made, delivery, history };
}

export function roleOf(number: number): Role {
  if (number % 25 === 0) return "stranger";
  return number % 4 === 0 ? "verifier" : "admin";
}

const MAKERS: readonly Maker[] = [
  authorizationCase,
  verdictCase,
  framingCase,
  pipelineCase,
  plainCase,
  mutatedCase,
  mutatedCase,
  damagedCase,
  damagedCase,
];

/** A key, presented in one of all the right and wrong ways. */
function authorizationCase(random: Random, history: string[]) {
  const { name, lines, isValid } = random.pick(AUTHORIZATIONS)(random);
  history.push(`authorization: ${name}`);
  const fields = lines.map((line) => `${line}\r\n`).join("");
  return certain([`GET /v1/auth HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`], [isValid]);
}

/** Keys in bodies. */
function verdictCase(random: Random, history: string[]) {
  const { name, text, isValid } = random.pick(VERDICTS)(random);
  history.push(`verify: ${name}`);
  return certain([text], [isValid]);
}

/** A body with a request in it, framed in one of all the ways in which servers disagree. */
function framingCase(random: Random, history: string[]) {
  const { name, text, most } = random.pick(FRAMINGS)(random);
  history.push(`framing: ${name}`);
  const expectation = { most, verdicts: Array(most).fill(false), isCertain: false };
  return { bytes: Buffer.from(text, "latin1"), expectation };
}

const MOST_PIPELINED = 64;

function pipelineCase(random: Random, history: string[]) {
  const count = 1 + random.below(random.oneIn(4) ? MOST_PIPELINED : 12);
  history.push(`${count} pipelined`);
  const made = Array.from({ length: count }, () => {
    if (!random.oneIn(2)) return random.pick(VERDICTS)(random);
    const { lines, isValid } = random.pick(AUTHORIZATIONS)(random);
    const fields = lines.map((line) => `${line}\r\n`).join("");
    return { text: `GET /v1/auth HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`, isValid };
  });
  const { bytes, expectation } = certain(
    made.map(({ text }) => text),
    made.map(({ isValid }) => isValid),
  );
  // Some of these end the connection, and so do too many at once.
  return { bytes, expectation: { ...expectation, isCertain: false } };
}

function plainCase(random: Random, history: string[]) {
  const message = plainMessage(random, history);
  return { bytes: Buffer.from(message.text, "latin1"), expectation: UNCERTAIN };
}

/** A message with some of its parts spelt in other ways. */
function mutatedCase(random: Random, history: string[]) {
  let { text }: Message = plainMessage(random, history);
  do text = mutateText(text, random, history); while (random.oneIn(2));
  return { bytes: Buffer.from(text, "latin1"), expectation: UNCERTAIN };
}

/** A message with octets damaged anywhere. */
function damagedCase(random: Random, history: string[]) {
  const messages = Array.from({ length: 1 + random.below(3) }, () => plainMessage(random, history));
  let bytes: Uint8Array = Buffer.from(messages.map(({ text }) => text).join(""), "latin1");
  const foreign = Buffer.from(plainMessage(random, []).text, "latin1");
  do {
    const name = random.pick(Object.keys(BYTE_MUTATORS));
    history.push(name);
    bytes = BYTE_MUTATORS[name]?.(bytes, random, foreign) ?? bytes;
  } while (random.oneIn(2));
  return { bytes, expectation: UNCERTAIN };
}

function certain(texts: readonly string[], verdicts: readonly (boolean | undefined)[]) {
  const expectation = { most: texts.length, verdicts, isCertain: true };
  return { bytes: Buffer.from(texts.join(""), "latin1"), expectation };
}
