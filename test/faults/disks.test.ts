// Disks that take only a part: of a file, of the files, or nothing from now on.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BUILT_IN_PASSWORD } from "../interop/fixtures.ts";
import { setUpWith } from "../interop/setup.ts";
import { COMMAND } from "../support/command.ts";
import type { Daemon } from "../support/daemon.ts";
import { execute } from "../support/execute.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import {
  AUDIT_NAMES,
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";
import { type Change, isUnchanged, readState, type State } from "./keystore_state.ts";
import {
  LOCK_NAME,
  makeKeystore,
  type Place,
  placeAt,
  restoreFolder,
  type SavedFile,
  saveFolder,
  strays,
} from "./place.ts";
import { ask, assertListed, startCountable } from "./served.ts";
import { assertTrue, type Told, toldByCommand, toldByDaemon } from "./told.ts";

const CREATE: Change = { kind: "create", alias: "new" };
const REVOKE: Change = { kind: "revoke", alias: "mcp-openai" };
const FIRST: Change = { kind: "create", alias: "first" };

let tool: JavaTool;
test.before(setUpWith(["javac"], async () => void (tool = await startJavaTool())));
test.after(async () => {
  await tool?.close();
  measured(`disks: ${counts.failed} changes refused, ${counts.done} made`);
});

const counts = { failed: 0, done: 0, nothing: 0 };

/** A way to ask for a change at a place. */
type Ask = (change: Change) => Promise<Told>;

function byCommand(place: Place, prefix: readonly string[] = []): Ask {
  const options = ["--keystore", join(place.folder, KEYSTORE_NAME)];
  return async ({ kind, alias }) => {
    const argv = [...prefix, ...COMMAND, kind, alias, ...options];
    return counted(toldByCommand(await execute(place.enter(argv))));
  };
}

function byDaemon({ socket }: Daemon): Ask {
  return async (change) => counted(toldByDaemon(await ask(socket, change)));
}

function counted(told: Told): Told {
  counts[told.result]++;
  return told;
}

/** Asks, and asserts that what was told is so and that nothing is left of what was not done. */
async function assertHonest(place: Place, ask: Ask, change: Change, before?: State) {
  const start = before ?? await readState(tool, place.outside);
  const told = await ask(change);
  const after = await readState(tool, place.outside, start);
  assertTrue(told, change, start, after);
  assert.not(told.result === "nothing", told.text);
  if (told.result === "failed") assert.ok(isUnchanged(start, after), told.text);
  assert.equal(strays(place.outside), []);
  return { result: told.result, after };
}

const limitTest = requiring(test, "linux", "root", "prlimit", "javac");

for (const change of [CREATE, REVOKE, FIRST]) {
  limitTest(
    `a ${change.kind} of '${change.alias}' that may write so many bytes of a file`,
    async () => {
      using folder = temporaryFolder();
      const place = placeAt(folder.file("keystore"));
      if (change !== FIRST) await makeKeystore(place.folder);
      // A log may be longer than the keystore, which is what is to be cut short.
      const isOfRecord = (name: string) => AUDIT_NAMES.some((each) => each === name);
      const files = saveFolder(place.folder).filter(({ name }) => !isOfRecord(name));
      const before = await readState(tool, place.folder);
      await byCommand(place)(change);
      const { size } = statSync(join(place.folder, KEYSTORE_NAME));
      // The lock file takes some 30, the password file 33.
      // Two signatures are in what is made with the first change, each of 70 to 72 octets.
      const [less, enough] = [size - 4, size + 4];
      for (const bytes of [0, 1, 20, 31, 32, 33, size / 2 | 0, less, enough]) {
        restoreFolder(place.folder, files);
        const ask = byCommand(place, ["prlimit", `--fsize=${bytes}`]);
        const { result, after } = await assertHonest(place, ask, change, before);
        assert.is(result, bytes === enough ? "done" : "failed", `${bytes} bytes`);
        const next = { ...change, alias: change === REVOKE ? "mcp-claude" : "next" };
        assert.is((await assertHonest(place, byCommand(place), next, after)).result, "done");
      }
    },
  );
}

limitTest("a daemon that may write so many bytes of a file", async () => {
  using folder = temporaryFolder();
  const place = placeAt(folder.file("keystore"));
  const keystore = await makeKeystore(place.folder);
  await using daemon = await startCountable(keystore, folder.file("apikey.sock"));
  const limit = async (bytes: number | "unlimited") => {
    const argv = ["prlimit", `--pid=${daemon.pid}`, `--fsize=${bytes}:`];
    assert.is((await execute(argv)).status, 0);
  };
  const ask = byDaemon(daemon);
  let state = await readState(tool, place.folder);
  for (const bytes of [0, 1, 512, statSync(keystore).size]) {
    await limit(bytes);
    const refused = await assertHonest(place, ask, CREATE, state);
    assert.is(refused.result, "failed");
    await assertListed(daemon.socket, refused.after);
    await limit("unlimited");
    for (const change of [CREATE, { ...CREATE, kind: "revoke" } as const]) {
      const done = await assertHonest(place, ask, change, state);
      assert.is(done.result, "done");
      state = done.after;
      await assertListed(daemon.socket, state);
    }
  }
});

/** A tmpfs that holds some files. */
interface Disk extends Place, AsyncDisposable {
  do(...argv: readonly string[]): Promise<void>;
}

async function openDisk(
  folder: TemporaryFolder,
  options: string,
  files: readonly SavedFile[],
): Promise<Disk> {
  const at = folder.file("disk");
  const host = await mountNamespace(
    'mkdir -p "$1" && mount -t tmpfs -o "$2,mode=755" tmpfs "$1"',
    at,
    options,
  );
  restoreFolder(host.outside(at), files);
  return {
    folder: at,
    outside: host.outside(at),
    enter: (argv) => host.enter(argv),
    async do(...argv) {
      const { status, stderr } = await execute(host.enter(argv));
      assert.is(status, 0, stderr);
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** A keystore of several pages, of which a part can be written. */
async function largeKeystore(folder: TemporaryFolder): Promise<SavedFile[]> {
  const { folder: made } = placeAt(folder.file("made"));
  const keystore = join(made, KEYSTORE_NAME);
  await tool.create(keystore, BUILT_IN_PASSWORD);
  await tool.fill(keystore, BUILT_IN_PASSWORD, 60);
  return saveFolder(made);
}

const PAGE = 4096;
const mountTest = requiring(test, "linux", "root", "mount", "javac");

mountTest("a disk with room for so many pages", async () => {
  using folder = temporaryFolder();
  await using disk = await openDisk(folder, "size=1m", await largeKeystore(folder));
  const run = byCommand(disk);
  let { after: state } = await assertHonest(disk, run, CREATE);
  const needed = Math.ceil(statSync(join(disk.outside, KEYSTORE_NAME)).size / PAGE);
  assert.ok(needed > 3, "a part of it fits");
  const filling = folder.file("disk/filling");
  // Fewer by one is enough where the lock file has given back its own, and more by one where the
  // keystore has grown into another.
  for (const pages of [0, 1, needed >> 1, needed - 2, needed + 2]) {
    await disk.do("sh", "-c", 'yes >"$0" 2>&1 || true', filling);
    await disk.do("truncate", `--size=-${pages * PAGE}`, filling);
    const change = { ...CREATE, alias: `on-${pages}` };
    const told = await run(change);
    await disk.do("rm", filling);
    const after = await readState(tool, disk.outside, state);
    assertTrue(told, change, state, after);
    assert.is(told.result, pages > needed ? "done" : "failed", `${pages} pages: ${told.text}`);
    assert.is(isUnchanged(state, after), told.result === "failed");
    assert.equal(strays(disk.outside), []);
    state = after;
  }
  const revoke: Change = { kind: "revoke", alias: CREATE.alias };
  assert.is((await assertHonest(disk, run, revoke, state)).result, "done");
});

mountTest("a disk with room for so many files, and no keystore yet", async () => {
  using folder = temporaryFolder();
  const results: string[] = [];
  // The folder is one, and the lock, the password and the keystore make four.
  for (const inodes of [2, 3, 4, 8]) {
    await using disk = await openDisk(folder, `size=1m,nr_inodes=${inodes}`, []);
    results.push((await assertHonest(disk, byCommand(disk), FIRST)).result);
    await disk.do("mount", "-o", "remount,nr_inodes=100", disk.folder);
    const next = { ...FIRST, alias: "next" };
    assert.is((await assertHonest(disk, byCommand(disk), next)).result, "done");
  }
  assert.equal([results[0], results[1], results.at(-1)], ["failed", "failed", "done"]);
});

interface Trouble {
  readonly about: string;
  readonly begin: (disk: Disk) => Promise<void>;
  readonly end: (disk: Disk) => Promise<void>;
}

const TROUBLES: readonly Trouble[] = [
  {
    about: "out of files",
    begin: (disk) => {
      const used = readdirSync(disk.outside).length + 1;
      return disk.do("mount", "-o", `remount,nr_inodes=${used}`, disk.folder);
    },
    end: (disk) => disk.do("mount", "-o", "remount,nr_inodes=100", disk.folder),
  },
  {
    about: "full",
    begin: (disk) => disk.do("sh", "-c", 'yes >"$0" 2>&1 || true', fillingOf(disk)),
    end: (disk) => disk.do("rm", fillingOf(disk)),
  },
  {
    about: "read-only",
    // Not the file system itself, as the daemon has its lock open for writing.
    begin: async (disk) => {
      await disk.do("mount", "--bind", disk.folder, disk.folder);
      await disk.do("mount", "-o", "remount,bind,ro", disk.folder);
    },
    end: (disk) => disk.do("umount", disk.folder),
  },
];

/** Not among the keystore's files. */
function fillingOf({ folder }: Place): string {
  return `${folder}/${LOCK_NAME}.filling`;
}

for (const { about, begin, end } of TROUBLES) {
  mountTest(`a daemon whose disk is ${about} between two changes`, async () => {
    using folder = temporaryFolder();
    const { folder: made } = placeAt(folder.file("made"));
    await makeKeystore(made);
    await using disk = await openDisk(folder, "size=1m,nr_inodes=100", saveFolder(made));
    const keystore = join(disk.folder, KEYSTORE_NAME);
    await using daemon = await startCountable(keystore, folder.file("apikey.sock"), disk.enter);
    const ask = byDaemon(daemon);
    let { after: state } = await assertHonest(disk, ask, CREATE);
    await begin(disk);
    for (const change of [FIRST, REVOKE]) {
      const told = await ask(change);
      assert.is(told.result, "failed", told.text);
      const after = await readState(tool, disk.outside, state);
      assert.ok(isUnchanged(state, after));
      await assertListed(daemon.socket, after);
    }
    await end(disk);
    for (const change of [FIRST, REVOKE]) {
      const done = await assertHonest(disk, ask, change, state);
      assert.is(done.result, "done");
      await assertListed(daemon.socket, state = done.after);
    }
  });
}

test.run();
