// From the moment on at which a revocation has returned, nobody is told that the key is valid.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import type { Checks } from "../load/verifier.ts";
import { startVerifiers, type Verifiers } from "../load/verifiers.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { startJavaTool } from "../support/java.ts";
import { createdKey, createKey, revokeKey } from "../support/keys_api.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const VERIFIERS = 1500;
/** Verifiers of different users, who together have more requests than one may have. */
const USERS = [0, 2_001, 2_002].map((uid) => ({ uid, gid: uid === 0 ? 0 : VERIFIERS }));
const CONNECTIONS = 16;
const CHECKS = 100_000;
/** How long a key is valid, more or less, and how long it is asked for afterwards. */
const VALID_MS = 60;
const REVOKED_MS = 250;
const GIVE_UP_MS = 120_000;
/** Clocks of two processes: each has its own idea of when it started, to some tens of microseconds. */
const CLOCK_MS = 1;

interface Revocation {
  readonly key: string;
  readonly about: string;
  readonly startedAt: number;
  readonly returnedAt: number;
  /** How many checks of other keys have said no. */
  readonly refusedBefore: number;
}

type Revoke = (alias: string) => Promise<void>;

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Has everybody check a key, revokes it meanwhile, and lets them check on for a while. */
async function revokeMeanwhile(
  verifiers: Verifiers,
  { alias, key, about }: { alias: string; key: string; about: string },
  revoke: Revoke,
): Promise<Revocation> {
  const refusedBefore = await verifiers.check(key);
  await sleep(VALID_MS * (0.5 + Math.random()));
  const startedAt = now();
  await revoke(alias);
  const returnedAt = now();
  await sleep(REVOKED_MS);
  return { key, about, startedAt, returnedAt, refusedBefore };
}

/** What a process saw that it must not have seen. */
function judge({ key, about, startedAt, returnedAt }: Revocation, checks: readonly Checks[]) {
  return checks.filter((some) => some.key === key).flatMap(({ lastYes, firstNoAt, yesAfterNo }) => [
    ...(lastYes !== undefined && lastYes.sentAt > returnedAt + CLOCK_MS
      ? [`${about}: valid ${(lastYes.sentAt - returnedAt).toFixed(2)} ms after the revocation`]
      : []),
    ...(firstNoAt !== undefined && firstNoAt < startedAt - CLOCK_MS
      ? [`${about}: not valid ${(startedAt - firstNoAt).toFixed(2)} ms before the revocation`]
      : []),
    ...(yesAfterNo > 0 ? [`${about}: valid again after it was not`] : []),
  ]);
}

function report(about: string, revocations: readonly Revocation[], checks: readonly Checks[]) {
  const yes = checks.reduce((sum, some) => sum + some.yes, 0);
  const no = checks.reduce((sum, some) => sum + some.no, 0);
  measured(`${about}: ${revocations.length} revocations, ${yes} checks say yes, ${no} no`);
  assert.ok(yes > revocations.length && no > revocations.length);
  assert.equal(revocations.flatMap((revocation) => judge(revocation, checks)), []);
  return no;
}

function startServing(folder: { keystore(name: string): string; file(name: string): string }) {
  const args = ["--socket-mode", "666", "--verifier-group", String(VERIFIERS)];
  const keystore = folder.keystore("jdk17-metricshub.p12");
  return startDaemon(keystore, folder.file("apikey.sock"), args);
}

function overHttp({ socket }: Daemon) {
  const revoke: Revoke = async (alias) => {
    assert.is((await revokeKey(socket, alias)).status, 204);
  };
  return { about: "over HTTP", revoke };
}

function byCommand({ socket }: Daemon) {
  const revoke: Revoke = async (alias) => {
    const { status, stderr } = await apikey(["revoke", alias, "--socket", socket]);
    assert.is(status, 0, stderr);
  };
  return { about: "by the command", revoke };
}

const rootTest = requiring(test, "linux", "root", "setpriv");

rootTest(`none of ${CHECKS} checks that start after the revocation says yes`, async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await startServing(folder);
  await using verifiers = startVerifiers(USERS, daemon.socket, CONNECTIONS);
  const revocations: Revocation[] = [];
  const until = performance.now() + GIVE_UP_MS;
  // As many rounds as it takes: how fast the checks go is the machine's affair.
  for (let round = 0, refused = 0; refused < CHECKS && performance.now() < until; round++) {
    const { about, revoke } = round % 2 === 0 ? overHttp(daemon) : byCommand(daemon);
    const alias = `round-${round}`;
    const key = createdKey(await createKey(daemon.socket, alias));
    const revocation = await revokeMeanwhile(verifiers, { alias, key, about }, revoke);
    revocations.push(revocation);
    refused = revocation.refusedBefore;
  }
  const no = report("HTTP and command", revocations, await verifiers.end());
  assert.ok(no >= CHECKS, `${no} checks`);
  assert.not.match(daemon.output(), "Error");
});

const javaTest = requiring(test, "linux", "root", "setpriv", "java", "javac");

javaTest("nor after a Java program has taken the key out of the file", async () => {
  using folder = temporaryFolder(0o755);
  await using daemon = await startServing(folder);
  const java = await startJavaTool();
  await using _java = { [Symbol.asyncDispose]: () => java.close() };
  const keystore = folder.file("metricshub-keystore.p12");
  await using verifiers = startVerifiers(USERS, daemon.socket, CONNECTIONS);
  const revocations: Revocation[] = [];
  for (let round = 0; round < 8; round++) {
    const [alias, key, about] = [`java-${round}`, randomUUID(), "by Java"];
    await java.add(keystore, BUILT_IN_PASSWORD, alias, key);
    revocations.push(
      await revokeMeanwhile(verifiers, { alias, key, about }, async (alias) => {
        await java.remove(keystore, BUILT_IN_PASSWORD, alias);
      }),
    );
  }
  report("Java", revocations, await verifiers.end());
  assert.not.match(daemon.output(), "Error");
});

test.run();
