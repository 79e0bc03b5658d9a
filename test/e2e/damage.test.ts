// Keystores that cannot be opened, and disks that cannot be written: one line, status 6, and every
// octet as it was.
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { apikey, execute, type Outcome } from "../support/execute.ts";
import { sampled } from "../support/extent.ts";
import { readFixture } from "../support/fixtures.ts";
import { type MountNamespace, mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import {
  AUDIT_NAMES,
  copyFixture,
  KEYSTORE_NAME,
  type TemporaryFolder,
  temporaryFolder,
} from "../support/temporary_folder.ts";

const FIXTURE = readFixture("jdk17-metricshub.p12");
const WRITING: readonly (readonly string[])[] = [["create", "x"], ["revoke", "mcp-openai"]];
const COMMANDS: readonly (readonly string[])[] = [["list"], ...WRITING];

type Run = (...args: readonly string[]) => Promise<Outcome>;

function runOn(keystore: string, ...options: readonly string[]): Run {
  return (...args) => apikey([...args, "--keystore", keystore, ...options]);
}

/** @returns the line that each command fails with */
async function assertFails(run: Run, commands = COMMANDS): Promise<string[]> {
  const lines: string[] = [];
  for (const command of commands) {
    const outcome = await run(...command);
    assert.equal(
      [outcome.status, outcome.stdout],
      [6, ""],
      `${command[0]}: ${outcome.stderr}`,
    );
    assert.match(outcome.stderr, /^[^\n]+\n$/, command[0]);
    lines.push(outcome.stderr);
  }
  return lines;
}

/** Nothing but the keystore, what was there beside it, its lock and the record of what was tried. */
function assertOnly(folder: string, names: readonly string[] = []): void {
  const allowed = [KEYSTORE_NAME, `${KEYSTORE_NAME}.lock`, ...AUDIT_NAMES, ...names];
  assert.equal(readdirSync(folder).filter((name) => !allowed.includes(name)), []);
}

function flipped(offset: number, bit: number): Uint8Array {
  const at = offset < 0 ? FIXTURE.length + offset : offset;
  return FIXTURE.map((octet, index) => index === at ? octet ^ bit : octet);
}

/** The same file with another iteration count in its MacData, which is the last thing in it. */
function withMacIterations(count: number): Uint8Array {
  const bytes = Buffer.from(FIXTURE);
  const last = bytes.subarray(-4);
  assert.equal([...last], [2, 2, 0x27, 0x10], "INTEGER 10000");
  const integer = Buffer.alloc(6);
  integer.set([2, 4]);
  integer.writeUInt32BE(count, 2);
  const macDataAt = bytes.findLastIndex((octet, at) =>
    octet === 0x30 && bytes[at + 1] === bytes.length - at - 2
  );
  bytes[macDataAt + 1]! += 2;
  bytes.writeUInt16BE(bytes.readUInt16BE(2) + 2, 2);
  return Buffer.concat([bytes.subarray(0, -4), integer]);
}

interface Damage {
  readonly about: string;
  readonly bytes: Uint8Array;
}

const UNREADABLE: readonly Damage[] = [
  { about: "truncated by one octet", bytes: FIXTURE.subarray(0, -1) },
  { about: "half of it", bytes: FIXTURE.subarray(0, FIXTURE.length / 2) },
  { about: "one octet too long", bytes: Buffer.concat([FIXTURE, Buffer.alloc(1)]) },
  { about: "a bit flipped in the first octet", bytes: flipped(0, 0x01) },
  { about: "a bit flipped in a length", bytes: flipped(3, 0x80) },
  { about: "a bit flipped at a third", bytes: flipped(Math.floor(FIXTURE.length / 3), 0x10) },
  { about: "a bit flipped in the middle", bytes: flipped(Math.floor(FIXTURE.length / 2), 0x01) },
  { about: "a bit flipped in the MAC", bytes: flipped(-40, 0x40) },
  { about: "a bit flipped in the MAC's iterations", bytes: flipped(-1, 0x01) },
  { about: "empty", bytes: Buffer.alloc(0) },
  { about: "text", bytes: Buffer.from("not a keystore\n") },
  { about: "zeros", bytes: Buffer.alloc(4096) },
  { about: "a SEQUENCE that promises 4 GiB", bytes: Buffer.from("3084ffffffff0201033082", "hex") },
];

test("a mistyped path leaves no lock beside what is no keystore", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file("passwd");
  writeFileSync(keystore, "root:x:0:0:root:/root:/bin/bash\n");
  const socket = folder.file("apikey.sock");
  const commands = [["create", "x"], ["revoke", "x"], ["daemon", "--socket", socket]];
  await assertFails(runOn(keystore), commands);
  const good = folder.keystore("jdk17-metricshub.p12");
  const onto = await apikey(["daemon", "--keystore", good, "--socket", keystore]);
  assert.is(onto.status, 5, onto.stderr);
  assert.equal(readdirSync(folder.path).filter((name) => name.startsWith("passwd")), ["passwd"]);
});

test("damaged files are refused, in the words for a wrong password", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const passwordFile = folder.file("wrong");
  writeFileSync(passwordFile, "wrong\n");
  const expected = await assertFails(runOn(keystore, "--password-file", passwordFile));
  assert.equal(readFileSync(keystore), Buffer.from(FIXTURE));
  for (const { about, bytes } of sampled(UNREADABLE, 4)) {
    writeFileSync(keystore, bytes);
    assert.equal(await assertFails(runOn(keystore)), expected, about);
    assert.ok(readFileSync(keystore).equals(bytes), about);
    assertOnly(folder.path, ["wrong"]);
  }
});

test("a daemon does not start on a damaged file", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  writeFileSync(keystore, FIXTURE.subarray(0, -1));
  const run = runOn(keystore, "--socket", folder.file("apikey.sock"));
  await assertFails(run, [["daemon"]]);
  assertOnly(folder.path);
});

const HUGE = 64 * 1024 * 1024 + 1;

/** What stands in the keystore's place, and how to see that it still does. */
const UNSUITABLE: readonly {
  readonly about: string;
  readonly make: (path: string) => void;
  readonly says?: string;
  /** Whoever is not root is told so first. */
  readonly requires?: "root";
}[] = [
  {
    about: "more iterations than ten million",
    make: (path) => writeFileSync(path, withMacIterations(10_000_001)),
    says: "10000001",
  },
  {
    about: "four billion iterations",
    make: (path) => writeFileSync(path, withMacIterations(0x7fffffff)),
  },
  {
    about: "a file over 64 MiB",
    make(path) {
      writeFileSync(path, FIXTURE);
      truncateSync(path, HUGE);
    },
  },
  { about: "a folder", make: (path) => mkdirSync(path) },
  { about: "a FIFO", make: (path) => execFileSync("mkfifo", [path]) },
  { about: "a device", make: (path) => symlinkSync("/dev/zero", path), requires: "root" },
  { about: "a link to itself", make: (path) => symlinkSync(KEYSTORE_NAME, path), requires: "root" },
];

for (const { about, make, says = "", requires = "linux" } of UNSUITABLE) {
  requiring(test, requires)(`refuses ${about}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.file(KEYSTORE_NAME);
    make(keystore);
    const before = lstatSync(keystore);
    const startedAt = performance.now();
    for (const line of await assertFails(runOn(keystore))) assert.match(line, says);
    assert.ok(performance.now() - startedAt < 15_000, "in no time");
    const after = lstatSync(keystore);
    assert.equal([after.ino, after.size, after.mtimeMs], [before.ino, before.size, before.mtimeMs]);
    assertOnly(folder.path);
  });
}

test("a keystore in a folder that does not exist is not made", async () => {
  using folder = temporaryFolder();
  const run = runOn(`${folder.path}/typo/${KEYSTORE_NAME}`);
  await assertFails(run, [["create", "x"]]);
  assertOnly(folder.path);
});

const mountTest = requiring(test, "linux", "root", "mount");

interface Disk extends AsyncDisposable {
  readonly run: Run;
  /** Runs a program on it. */
  do(...argv: readonly string[]): Promise<void>;
  /** Of the keystore on it. */
  bytes(): Buffer;
  names(): string[];
}

/** A keystore of three keys on a file system of its own. */
async function disk(folder: TemporaryFolder, options: string): Promise<Disk> {
  const fixture = copyFixture("jdk17-metricshub.p12", folder.file("fixture"));
  const at = folder.file("disk");
  const keystore = `${at}/${KEYSTORE_NAME}`;
  const script = 'mkdir "$1" && mount -t tmpfs -o "$2" tmpfs "$1" && cp "$3" "$4"';
  const host: MountNamespace = await mountNamespace(script, at, options, fixture, keystore);
  return {
    run: (...args) => execute(host.enter([...COMMAND, ...args, "--keystore", keystore])),
    async do(...argv) {
      const { status, stderr } = await execute(host.enter(argv));
      assert.is(status, 0, stderr);
    },
    bytes: () => readFileSync(host.outside(keystore)),
    names: () => readdirSync(host.outside(at)).sort(),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** Commands that only read still work; the others say why not, and leave everything in place. */
async function assertReadOnly(disk: Disk, names: readonly string[]): Promise<void> {
  const { status, stdout } = await disk.run("list");
  assert.equal([status, stdout.split("\n").length], [0, 3 + 1]);
  await assertFails(disk.run, WRITING);
  assert.equal(disk.bytes(), Buffer.from(FIXTURE));
  assert.equal(disk.names(), [...names].sort());
}

const LOCK_NAME = `${KEYSTORE_NAME}.lock`;

/** What a command on an earlier day left in its lock file, a page of the disk. */
const LEFT_LOCK = `echo '{"pid":1,"role":"command"}' >"$0"`;

mountTest("a read-only file system", async () => {
  using folder = temporaryFolder();
  await using opened = await disk(folder, "size=1m");
  await opened.do("mount", "-o", "remount,ro", folder.file("disk"));
  await assertReadOnly(opened, [KEYSTORE_NAME]);
});

// With a lock file already there, what fails is not the lock but the keystore's own writing.
for (const locked of [false, true]) {
  const about = locked ? "on which the lock file is" : "without a lock file";

  mountTest(`a full disk ${about}`, async () => {
    using folder = temporaryFolder();
    await using opened = await disk(folder, "size=64k");
    if (locked) await opened.do("sh", "-c", LEFT_LOCK, folder.file(`disk/${LOCK_NAME}`));
    await opened.do("sh", "-c", 'yes >"$0" 2>&1 || true', folder.file("disk/filling"));
    await assertReadOnly(opened, [KEYSTORE_NAME, LOCK_NAME, "filling"]);
    await opened.do("rm", folder.file("disk/filling"));
    assert.is((await opened.run("create", "x")).status, 0, "works again");
  });

  mountTest(`a disk out of inodes ${about}`, async () => {
    using folder = temporaryFolder();
    await using opened = await disk(folder, `size=1m,nr_inodes=${locked ? 3 : 2}`);
    if (locked) await opened.do("touch", folder.file(`disk/${LOCK_NAME}`));
    await assertReadOnly(opened, locked ? [KEYSTORE_NAME, LOCK_NAME] : [KEYSTORE_NAME]);
  });
}

mountTest("a default folder that cannot be made", async () => {
  await using host = await mountNamespace(
    "mount -t tmpfs tmpfs /run; mount -t tmpfs -o ro tmpfs /var/lib",
  );
  const run: Run = (...args) => execute(host.enter([...COMMAND, ...args]));
  await assertFails(run, [["create", "x"], ["daemon"]]);
});

mountTest("a full disk on which there is no keystore yet", async () => {
  using folder = temporaryFolder();
  await using opened = await disk(folder, "size=64k");
  await opened.do("rm", folder.file(`disk/${KEYSTORE_NAME}`));
  await opened.do("sh", "-c", LEFT_LOCK, folder.file(`disk/${LOCK_NAME}`));
  await opened.do("sh", "-c", 'yes >"$0" 2>&1 || true', folder.file("disk/filling"));
  await assertFails(opened.run, [["create", "x"]]);
  assert.equal(opened.names(), ["filling", LOCK_NAME], "nothing half-made is left");
  await opened.do("rm", folder.file("disk/filling"));
  assert.is((await opened.run("create", "x")).status, 0, "works again");
});

test.run();
