// A daemon that is killed at any moment, over and over, with many clients at work: what it has
// acknowledged is in the file, and what is in the file opens.
//
// CRASH_ROUNDS and CRASH_SEED make it longer, or the same again.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { spawnDaemon, startDaemon, type StartingDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { extent } from "../support/extent.ts";
import {
  type JavaEntry,
  type JavaTool,
  payloadOf,
  startJavaTool,
  withoutAuditEntry,
} from "../support/java.ts";
import { type KeyEndings, listKeys } from "../support/keys_api.ts";
import { Ledger } from "../support/ledger.ts";
import { measured } from "../support/measured.ts";
import { seededRandom, seedSetting, setting } from "../support/random.ts";
import { requiring } from "../support/requirements.ts";
import { readStoredEntries } from "../support/stored_entries.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const ROUNDS = setting("CRASH_ROUNDS", extent({ whole: 500, part: 150 }));
const SEED = seedSetting("CRASH_SEED");

const CLIENTS = 16;
const ALIASES_PER_CLIENT = 3;
/** Most daemons die over their first save; one in three gets the time for some more. */
const MAX_WORK_MS = [40, 40, 160] as const;
/** One round in so many kills a daemon that may still be starting. */
const ROUNDS_PER_START_UP = 5;
const ROUNDS_PER_INSPECTION = 25;
const PREFIX = "crash-";
/** What the fixture has; the rest of its entries are no API keys. */
const FOREIGN: KeyEndings = new Map([
  ["mcp-openai", "8986"],
  ["mcp-claude", "15f3"],
  ["retired", "7e11"],
]);

const EXPECTED_FILE =
  /^(apikey\.sock(\.lock)?|metricshub-keystore\.(p12(\.lock|\.generation-[123])?|audit\.jsonl(\.head)?))$/;

const WORK: readonly (readonly string[])[] = Array.from(
  { length: CLIENTS },
  (_, client) => Array.from({ length: ALIASES_PER_CLIENT }, (_, i) => `${PREFIX}${client}-${i}`),
);

const random = seededRandom(SEED);
const ledger = new Ledger(WORK.flat());

interface Place {
  readonly folder: string;
  readonly keystore: string;
  readonly socket: string;
}

requiring(test, "linux", "javac")(`${ROUNDS} kills lose nothing acknowledged`, async () => {
  measured(`CRASH_SEED=${SEED}`);
  using folder = temporaryFolder();
  const place = {
    folder: folder.path,
    keystore: folder.keystore("jdk17-metricshub.p12"),
    socket: folder.file("apikey.sock"),
  };
  const java = await startJavaTool();
  try {
    const original = await java.dump(place.keystore, BUILT_IN_PASSWORD);
    const unfinished = await crashLoop(place, () => inspect(place, java, original));
    await assertCleanEnd(place, java, original);
    const { creates, revokes, unanswered } = ledger.counts;
    measured(
      `${ROUNDS} kills, ${unfinished} of them amid a save; acknowledged: ${creates} creates, ` +
        `${revokes} revocations; unanswered: ${unanswered}`,
    );
    // A loop in which nothing happens proves nothing; a busy machine does several times as much.
    assert.ok(Math.min(creates, revokes) >= ROUNDS, "few changes");
    assert.ok(unanswered >= ROUNDS, "few unanswered requests");
    assert.ok(unfinished >= ROUNDS / 25, "few kills amid a save");
  } finally {
    await java.close();
  }
});

/** @returns how many kills left a temporary file */
async function crashLoop(place: Place, inspectFile: () => Promise<void>): Promise<number> {
  const { keystore, socket } = place;
  let unfinished = 0;
  let startMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (round % ROUNDS_PER_START_UP === ROUNDS_PER_START_UP - 1) {
      const starting = spawnDaemon({ args: ["--keystore", keystore, "--socket", socket] });
      await workUntilKilled(starting, socket, random.below(1.3 * startMs));
    } else {
      const startedAt = performance.now();
      await using daemon = await startDaemon(keystore, socket);
      startMs = performance.now() - startedAt;
      assertAcknowledged(await listKeys(socket), `round ${round}`);
      if (round % ROUNDS_PER_INSPECTION === 0) await inspectFile();
      await workUntilKilled(daemon, socket, random.below(MAX_WORK_MS[round % 3] ?? 0));
    }
    const left = assertNothingPilesUp(place, round);
    if (left > 0) unfinished++;
  }
  return unfinished;
}

/** Has every client change its keys, one after another, until the daemon is killed. */
async function workUntilKilled(
  daemon: StartingDaemon,
  socket: string,
  lifeMs: number,
): Promise<void> {
  let isOver = false;
  const work = WORK.map(async (aliases) => {
    while (!isOver) {
      // What has become of the others, the next daemon will tell.
      const settled = ledger.settled(aliases);
      const alias = settled[random.integer(settled.length)];
      const isSent = alias !== undefined && await ledger.toggle(socket, alias);
      if (!isSent) await sleep(1);
    }
  });
  // Should a client fail, there is still a daemon to end.
  const outcome = Promise.all(work).then(() => undefined, (error: unknown) => error);
  await sleep(lifeMs);
  daemon.signal("SIGKILL");
  isOver = true;
  assert.is(await daemon.ended, null, `it ended by itself: ${daemon.output()}`);
  assert.is(await outcome, undefined);
}

function assertAcknowledged(listed: KeyEndings, when: string): void {
  const problems = ledger.settle(listed);
  const expected = new Set([...FOREIGN.keys(), ...ledger.present().keys()]);
  for (const [alias, ending] of FOREIGN) {
    if (listed.get(alias) !== ending) problems.push(`${alias}: changed`);
  }
  for (const alias of listed.keys()) {
    if (!expected.has(alias)) problems.push(`${alias}: from nowhere`);
  }
  assert.equal(problems, [], when);
}

/** Java finds every entry that is not ours as it was, and in ours the keys that we were told. */
async function inspect(
  { folder, keystore }: Place,
  java: JavaTool,
  original: readonly JavaEntry[],
): Promise<void> {
  const isOurs = ({ name }: JavaEntry) => name.startsWith(`api_key:${PREFIX}`);
  const entries = await java.dump(keystore, BUILT_IN_PASSWORD);
  assert.equal(withoutAuditEntry(entries.filter((entry) => !isOurs(entry))), original);
  const ours = entries.filter(isOurs);
  const present = ledger.present();
  assert.is(ours.length, present.size);
  for (const entry of ours) {
    const key = present.get(entry.name.replace("api_key:", ""));
    if (key !== undefined) assert.is(payloadOf(entry), key, entry.name);
  }
  const { others } = await readStoredEntries(keystore);
  for (const name of readdirSync(folder).filter((name) => name.includes(".generation-"))) {
    assert.equal((await readStoredEntries(join(folder, name))).others, others, name);
  }
  // The lock of a killed daemon is gone with it; that of the one that runs now is not.
  const { status } = await apikey(["create", "beside", "--keystore", keystore]);
  assert.is(status, 5, "a second writer is refused");
}

/** A last daemon takes back what all the others have made. */
async function assertCleanEnd(
  place: Place,
  java: JavaTool,
  original: readonly JavaEntry[],
): Promise<void> {
  await using daemon = await startDaemon(place.keystore, place.socket);
  assertAcknowledged(await listKeys(daemon.socket), "in the end");
  // At least one change, which sweeps away what the last killed one has left.
  const [first = ""] = WORK.flat();
  if (!ledger.present().has(first)) await ledger.toggle(daemon.socket, first);
  for (const alias of ledger.present().keys()) await ledger.toggle(daemon.socket, alias);
  assert.equal(await listKeys(daemon.socket), FOREIGN);
  assert.equal(withoutAuditEntry(await java.dump(place.keystore, BUILT_IN_PASSWORD)), original);
  const verified = await apikey(["audit", "verify", "--socket", place.socket]);
  assert.is(verified.status, 0, verified.stdout + verified.stderr);
  assert.is(assertNothingPilesUp(place, ROUNDS), 0);
}

/** @returns how many temporary files there are, of which the next writer removes one */
function assertNothingPilesUp({ folder }: Place, round: number): number {
  const names = readdirSync(folder).filter((name) => !EXPECTED_FILE.test(name));
  const strange = names.filter((name) => !name.endsWith(".tmp"));
  assert.equal(strange, [], `round ${round}`);
  assert.ok(names.length <= 1, `round ${round}: ${names.length} temporary files`);
  return names.length;
}

test.run();
