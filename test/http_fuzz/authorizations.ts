import type { Random } from "../fuzz/random.ts";
import { WORLD } from "./world.ts";

export interface Authorization {
  readonly name: string;
  /** Header lines, without their ends. */
  readonly lines: readonly string[];
  /** Whether they present a stored key that has not expired; undefined where HTTP itself refuses. */
  readonly isValid: boolean | undefined;
}

const { key, expiredKey } = WORLD;

/** The ways in which a key is presented, and those in which it is not. */
export const AUTHORIZATIONS: readonly ((random: Random) => Authorization)[] = [
  fixed("bearer", true, `Authorization: Bearer ${key}`),
  fixed("bare", true, `Authorization: ${key}`),
  fixed("X-API-Key", true, `X-API-Key: ${key}`),
  fixed("blanks around", true, `Authorization:  \t ${key} \t `),
  fixed("blanks around X-API-Key", true, `x-api-key: \t${key}  `),
  fixed("blanks within", true, `AUTHORIZATION: bEARER    ${key}`),
  fixed("another scheme and X-API-Key", true, "Authorization: Basic eDp5", `X-API-Key: ${key}`),
  fixed("the same key in both", true, `Authorization: ${key}`, `X-API-Key: ${key}`),
  fixed("nothing", false),
  fixed("empty", false, "Authorization:"),
  fixed("scheme alone", false, "Authorization: Bearer"),
  fixed("expired", false, `Authorization: Bearer ${expiredKey}`),
  fixed("expired, bare", false, `Authorization: ${expiredKey}`),
  fixed("expired and valid", false, `Authorization: Bearer ${expiredKey}`, `X-API-Key: ${key}`),
  fixed("two keys in one", false, `Authorization: Bearer ${key} ${key}`),
  fixed("a list", false, `Authorization: Bearer ${key}, Bearer ${key}`),
  fixed("a list of keys", false, `X-API-Key: ${key}, ${key}`),
  fixed("Basic", false, `Authorization: Basic ${key}`),
  fixed("Basic of it", false, `Authorization: Basic ${btoa(`${key}:`)}`),
  fixed("Digest", false, `Authorization: Digest username="${key}"`),
  fixed("upper case", false, `Authorization: Bearer ${key.toUpperCase()}`),
  fixed("quoted", false, `Authorization: Bearer "${key}"`),
  fixed("no blank", false, `Authorization: Bearer${key}`),
  fixed("a comma", false, `Authorization: Bearer,${key}`),
  fixed("no dashes", false, `Authorization: Bearer ${key.replaceAll("-", "")}`),
  fixed("braces", false, `Authorization: {${key}}`),
  fixed("wildcard", false, "Authorization: Bearer *"),
  fixed("no-break space", false, `Authorization: Bearer \xa0\xa0x${key}`),
  fixed("the alias", false, `Authorization: Bearer ${WORLD.alias}`),
  fixed("the name", false, `Authorization: Bearer api_key:${WORLD.alias}`),
  fixed("the payload", false, `Authorization: Bearer ${expiredKey}__2021-06-30T12:00`),
  fixed(
    "other headers",
    false,
    `Cookie: ${key}`,
    `X-Api-Key-2: ${key}`,
    `Proxy-Authorization: ${key}`,
  ),
  fixed("underscores", false, `X_API_Key: ${key}`),
  fixed("in the future", false, `Authorization: Bearer ${key}__2099-01-01T00:00:00`),
  fixed("twice X-API-Key", false, `X-API-Key: ${key}`, `X-API-Key: ${key}`),
  fixed("folded", undefined, "Authorization: Bearer", ` ${key}`),
  fixed("blank before the colon", undefined, `Authorization : Bearer ${key}`),
  fixed("NUL", undefined, `Authorization: Bearer ${key}\0`),
  fixed("bare CR", undefined, `Authorization: Bearer x\r${key}`),
  fixed("no colon", undefined, `Authorization Bearer ${key}`),
  fixed("no name", undefined, `: ${key}`),
  (random) => ({
    name: "one character changed",
    lines: [`Authorization: Bearer ${changed(random)}`],
    isValid: false,
  }),
  (random) => ({
    name: "one changed, bare",
    lines: [`X-API-Key: ${changed(random)}`],
    isValid: false,
  }),
  (random) => ({
    name: "cut off",
    lines: [`Authorization: Bearer ${key.slice(0, random.below(key.length))}`],
    isValid: false,
  }),
  (random) => ({
    name: "more behind it",
    lines: [`Authorization: ${key}${"0".repeat(1 + random.below(5_000))}`],
    isValid: false,
  }),
];

function fixed(name: string, isValid: boolean | undefined, ...lines: string[]) {
  return (): Authorization => ({ name, lines, isValid });
}

/** The key with one character that is not its own. */
export function changed(random: Random): string {
  const at = random.below(key.length);
  const other = random.pick([..."0123456789abcdefABCDEF-_ghz~"].filter((char) => char !== key[at]));
  return key.slice(0, at) + other + key.slice(at + 1);
}
