// A keystore that another program has written half of, or removed: commands wait for the rest, a
// daemon answers from what it knows and says so, and nobody writes over what is there.
import {
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { readFixture } from "../support/fixtures.ts";
import { send } from "../support/http.ts";
import {
  createKey,
  listKeys,
  problemCode,
  revokeKey,
  statusWarnings,
} from "../support/keys_api.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

const FIXTURE = "jdk17-metricshub.p12";
const WHOLE = readFixture(FIXTURE);
const HALF = WHOLE.subarray(0, WHOLE.length / 2);
const ALIASES = ["mcp-openai", "mcp-claude", "retired"];
const HALF_WRITTEN_MS = 300;

/** Rewrites a file in place, as Java does, but slowly: half of it is missing for a while. */
async function rewriteSlowly(keystore: string): Promise<void> {
  truncateSync(keystore, HALF.length);
  await sleep(HALF_WRITTEN_MS);
  // Not cut to nothing first, which would be another change.
  writeFileSync(keystore, WHOLE, { flag: "r+" });
}

test("commands wait for the rest of a file that is being written", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  for (const command of [["list"], ["status"], ["create", "new"], ["revoke", "retired"]]) {
    const rewritten = rewriteSlowly(keystore);
    const { status, stderr } = await apikey([...command, "--keystore", keystore]);
    await rewritten;
    assert.equal([status, stderr], [0, ""], command[0]);
    writeFileSync(keystore, WHOLE);
  }
});

/** A daemon that has opened the fixture, and how to find out what it still does. */
async function withDaemon(
  work: (daemon: Daemon, keystore: string, folder: TemporaryFolder) => Promise<void>,
): Promise<void> {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  await work(daemon, keystore, folder);
}

test("a daemon answers while the file is being written", () =>
  withDaemon(async ({ socket }, keystore) => {
    for (let round = 0; round < 3; round++) {
      let isOver = false;
      const rewritten = rewriteSlowly(keystore).then(() => isOver = true);
      const created = createKey(socket, `new-${round}`);
      const statuses: number[] = [];
      while (!isOver) {
        statuses.push((await send(socket, { method: "GET", path: "/v1/keys" })).status);
      }
      await rewritten;
      assert.equal([...new Set(statuses)], [200]);
      assert.ok(statuses.length >= 3, "reading waits for the file");
      const { status, body } = await created;
      assert.is(status, 201, body);
      assert.equal([...(await listKeys(socket)).keys()], [...ALIASES, `new-${round}`]);
      assert.is((await revokeKey(socket, `new-${round}`)).status, 204);
      writeFileSync(keystore, WHOLE);
    }
  }));

const BROKEN = [
  { about: "half of it", bytes: HALF },
  { about: "nothing", bytes: new Uint8Array() },
  { about: "something else", bytes: Buffer.from("not a keystore\n") },
];

for (const { about, bytes } of BROKEN) {
  test(`a daemon whose file has become ${about} goes on with what it knows`, () =>
    withDaemon(async ({ socket }, keystore, folder) => {
      const warnings = await statusWarnings(socket);
      writeFileSync(keystore, bytes);
      await assertServesAndRefuses(socket, warnings, ["ERR_KEYSTORE_UNREADABLE"]);
      assert.ok(readFileSync(keystore).equals(bytes), "written over");
      assertNothingElse(folder);
      writeFileSync(keystore, WHOLE);
      await assertWorks(socket, warnings);
    }));
}

test("a daemon whose file has gone goes on with what it knows", () =>
  withDaemon(async ({ socket }, keystore, folder) => {
    const warnings = await statusWarnings(socket);
    unlinkSync(keystore);
    await assertServesAndRefuses(socket, warnings, ["ERR_KEYSTORE_UNREADABLE", "ERR_KEYSTORE_IO"]);
    // A new file with the latest change in it would be all that is left of the old one.
    assert.not(existsSync(keystore));
    assertNothingElse(folder);
    writeFileSync(keystore, WHOLE, { mode: 0o600 });
    await assertWorks(socket, warnings);
  }));

async function assertServesAndRefuses(
  socket: string,
  warningsBefore: readonly string[],
  codes: readonly string[],
): Promise<void> {
  for (let round = 0; round < 3; round++) {
    assert.equal([...(await listKeys(socket)).keys()], ALIASES);
    assert.is((await send(socket, { method: "GET", path: "/v1/keys/retired" })).status, 200);
    const warnings = await statusWarnings(socket);
    assert.is(warnings.length, warningsBefore.length + 1, "says so, once");
    for (const answer of [await createKey(socket, "new"), await revokeKey(socket, "retired")]) {
      assert.is(answer.status, 503, answer.body);
      assert.ok(codes.includes(problemCode(answer)), answer.body);
    }
  }
}

async function assertWorks(socket: string, warnings: readonly string[]): Promise<void> {
  assert.equal([...(await listKeys(socket)).keys()], ALIASES);
  assert.equal(await statusWarnings(socket), warnings);
  assert.is((await createKey(socket, "new")).status, 201);
  assert.is((await revokeKey(socket, "retired")).status, 204);
  assert.equal([...(await listKeys(socket)).keys()], ["mcp-openai", "mcp-claude", "new"]);
}

function assertNothingElse({ path }: TemporaryFolder): void {
  assert.equal(readdirSync(path).filter((name) => name.endsWith(".tmp")), []);
}

test.run();
