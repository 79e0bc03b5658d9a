import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import type { JavaTool } from "./java.ts";
import {
  createdKey,
  createKey,
  keyEnding,
  type KeyEndings,
  listKeys,
  problemCode,
  revokeKey,
} from "./keys_api.ts";

/** Several clients of a daemon, and a Java program that writes the same file in between. */
export interface Race {
  readonly socket: string;
  readonly keystore: string;
  readonly java: JavaTool;
  /** What each client changes, one after another. */
  readonly work: readonly (readonly string[])[];
  /** The alias that Java adds where it is not there, and else removes. */
  readonly javaAlias: string;
  /** How long Java waits before it starts. */
  readonly javaDelayMs: number;
}

/** One change of a key, by whomever. */
interface Change {
  readonly alias: string;
  /** What the list has to show from now on. */
  readonly ending: string | undefined;
}

interface Request extends Change {
  /** The code of a refusal; undefined for an acknowledged change. */
  readonly refusal: string | undefined;
  readonly sentAt: number;
}

interface JavaRun extends Change {
  /** The names of the entries that it loaded, and then wrote. */
  readonly loaded: ReadonlySet<string>;
  readonly endedAt: number;
  readonly tookMs: number;
}

export interface RaceResult {
  /** What the daemon says in the end. */
  readonly listed: KeyEndings;
  readonly acknowledged: number;
  /** Acknowledged changes that Java, which had loaded the file before them, has overwritten. */
  readonly overwrittenByJava: number;
  /** Whether Java's change is gone, although it wrote last or we should have seen that it wrote. */
  readonly javaLost: boolean;
  /** What nobody but the daemon can have lost. */
  readonly problems: readonly string[];
}

/** A file that Java takes longer to write, on a machine with better things to do, is a broken one. */
const PATIENCE_MS = 900;

/** Lets both sides write once each of them, and finds out what has become of every change. */
export async function runRace(race: Race): Promise<RaceResult> {
  const before = await listKeys(race.socket);
  const [java, ...requests] = await Promise.all([
    runJava(race, before),
    ...race.work.map((aliases) => runClient(race.socket, aliases, before)),
  ]);
  const after = await listKeys(race.socket);
  return judge(before, after, java, requests.flat());
}

async function runJava(race: Race, before: KeyEndings): Promise<JavaRun> {
  const { java, keystore, javaAlias: alias, javaDelayMs } = race;
  const key = before.has(alias) ? undefined : randomUUID();
  await sleep(javaDelayMs);
  const startedAt = performance.now();
  const loaded = key === undefined
    ? await java.remove(keystore, BUILT_IN_PASSWORD, alias)
    : await java.add(keystore, BUILT_IN_PASSWORD, alias, key);
  const endedAt = performance.now();
  const tookMs = Math.round(endedAt - startedAt);
  return { alias, ending: key && keyEnding(key), loaded: new Set(loaded), endedAt, tookMs };
}

async function runClient(
  socket: string,
  aliases: readonly string[],
  before: KeyEndings,
): Promise<Request[]> {
  const requests: Request[] = [];
  for (const alias of aliases) {
    const isPresent = before.has(alias);
    const sentAt = performance.now();
    const answer = await (isPresent ? revokeKey : createKey)(socket, alias);
    const isDone = answer.status === (isPresent ? 204 : 201);
    requests.push({
      alias,
      ending: isPresent || !isDone ? undefined : keyEnding(createdKey(answer)),
      refusal: isDone ? undefined : problemCode(answer),
      sentAt,
    });
  }
  return requests;
}

function judge(
  before: KeyEndings,
  after: KeyEndings,
  java: JavaRun,
  requests: readonly Request[],
): RaceResult {
  const acknowledged = requests.filter(({ refusal }) => refusal === undefined);
  const refused = requests.filter(({ refusal }) => {
    const isHalfWritten = refusal === "ERR_KEYSTORE_UNREADABLE" && java.tookMs > PATIENCE_MS;
    return refusal !== undefined && !isHalfWritten;
  });
  const lost = acknowledged.filter(({ alias, ending }) => after.get(alias) !== ending);
  const javaLost = after.get(java.alias) !== java.ending;
  const changed = new Set([java, ...acknowledged].map(({ alias }) => alias));
  const aliases = new Set([...before.keys(), ...after.keys()]);
  const problems = [
    // Java cannot have undone what it had loaded, nor what was asked for once it had ended.
    ...lost.filter((change) => wasLoaded(java, change) || change.sentAt > java.endedAt)
      .map(({ alias }) => `${alias}: acknowledged change lost`),
    ...[...aliases].filter((alias) => !changed.has(alias) && before.get(alias) !== after.get(alias))
      .map((alias) => `${alias}: nobody's change`),
    // A file caught half-written is waited for, and nothing else happens here.
    ...refused.map(({ alias, refusal }) => `${alias}: refused, ${refusal}, ${java.tookMs} ms`),
    // That Java overwrote ours means that its file took the place of ours: we then wrote over what
    // we must have seen.
    ...(javaLost && lost.length > 0
      ? [`${java.alias}: Java's change undone after it was seen`]
      : []),
  ];
  return {
    listed: after,
    acknowledged: acknowledged.length,
    overwrittenByJava: lost.length,
    javaLost,
    problems,
  };
}

/** Whether Java wrote the state that this change has led to. */
function wasLoaded({ loaded }: JavaRun, { alias, ending }: Change): boolean {
  return loaded.has(`api_key:${alias}`) === (ending !== undefined);
}
