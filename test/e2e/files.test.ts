// How the keystore's file is replaced: whole or not at all, in its place, with its owner and mode.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { apikey, execute, type Outcome } from "../support/execute.ts";
import { fixturePath, readFixture } from "../support/fixtures.ts";
import { requiring } from "../support/requirements.ts";
import { readTrace, strace, straceFault, type SystemCall } from "../support/strace.ts";
import { KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import { asUser } from "../support/users.ts";

const FIXTURE = "jdk17-metricshub.p12";

async function count(keystore: string): Promise<number> {
  const { status, stdout, stderr } = await apikey(["list", "--json", "--keystore", keystore]);
  assert.is(status, 0, stderr);
  return JSON.parse(stdout).keys.length;
}

async function create(keystore: string): Promise<void> {
  const { status, stderr } = await apikey(["create", "new", "--keystore", keystore]);
  assert.is(status, 0, stderr);
}

/** From the first link on; none of these names is the keystore's own. */
const LINKS: readonly { readonly about: string; readonly chain: readonly string[] }[] = [
  { about: "a link", chain: [`../real/${KEYSTORE_NAME}`] },
  { about: "a chain of links", chain: ["second.p12", "third.p12", `../real/${KEYSTORE_NAME}`] },
];

for (const { about, chain } of LINKS) {
  for (const dangling of [false, true]) {
    test(`follows ${about}${dangling ? " to nothing yet" : ""} and keeps it`, async () => {
      using folder = temporaryFolder();
      mkdirSync(folder.file("links"));
      mkdirSync(folder.file("real"));
      const target = folder.file(`real/${KEYSTORE_NAME}`);
      if (!dangling) writeFixture(target);
      const names = ["first.p12", ...chain.slice(0, -1)].map((name) =>
        folder.file(`links/${name}`)
      );
      names.forEach((name, i) => symlinkSync(chain[i] ?? "", name));
      const [first = ""] = names;
      await create(first);
      assert.equal(names.map((name) => readlinkSync(name)), chain);
      assert.ok(lstatSync(target).isFile());
      assert.is(await count(first), dangling ? 1 : 4);
      assert.equal(readdirSync(folder.file("real")).filter((name) => name.endsWith(".tmp")), []);
      assert.is((await apikey(["revoke", "new", "--keystore", first])).status, 0);
      assert.equal(names.map((name) => readlinkSync(name)), chain);
    });
  }
}

function writeFixture(path: string): void {
  copyFileSync(fixturePath(FIXTURE), path);
  chmodSync(path, 0o600);
}

const rootTest = requiring(test, "linux", "root", "setpriv");

const OWNERS = [
  { mode: 0o640, uid: 1000, gid: 1001 },
  { mode: 0o600, uid: 1000, gid: 1000 },
  { mode: 0o660, uid: 0, gid: 60 },
  { mode: 0o644, uid: 0, gid: 0 },
  { mode: 0o400, uid: 0, gid: 0 },
];

for (const { mode, uid, gid } of OWNERS) {
  rootTest(`keeps mode 0${mode.toString(8)} of ${uid}:${gid}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    chownSync(keystore, uid, gid);
    chmodSync(keystore, mode);
    await create(keystore);
    const stats = statSync(keystore);
    assert.equal([stats.mode & 0o7777, stats.uid, stats.gid], [mode, uid, gid]);
    assert.is(await count(keystore), 4);
  });
}

rootTest("what root makes in another user's folder is usable by that user", async () => {
  using folder = temporaryFolder(0o755);
  const owned = folder.file("owned");
  mkdirSync(owned);
  chownSync(owned, 1000, 1000);
  const keystore = `${owned}/${KEYSTORE_NAME}`;
  await create(keystore);
  assert.equal([statSync(keystore).uid, statSync(keystore).mode & 0o777], [1000, 0o600]);
  const argv = [...COMMAND, "create", "second", "--keystore", keystore];
  const { status, stderr } = await execute(asUser({ uid: 1000 }, argv));
  assert.is(status, 0, stderr);
  assert.is(await count(keystore), 2);
});

rootTest("permission denied is 4 to anyone but root", async () => {
  using folder = temporaryFolder(0o755);
  const keystore = folder.keystore(FIXTURE);
  chownSync(keystore, 1000, 1000);
  const run = (command: readonly string[]) =>
    execute(asUser({ uid: 1000 }, [...COMMAND, ...command, "--keystore", keystore]));
  // Their own file in a folder that is not.
  for (const command of [["create", "x"], ["revoke", "mcp-openai"]]) {
    assertDenied(await run(command));
  }
  assert.is((await run(["list"])).status, 0);
  chmodSync(keystore, 0);
  assertDenied(await run(["list"]));
  chmodSync(keystore, 0o600);
  chmodSync(folder.path, 0o700);
  assertDenied(await run(["list"]));
  assert.is(await count(keystore), 3);
});

function assertDenied({ status, stdout, stderr }: Outcome): void {
  assert.equal([status, stdout], [4, ""], stderr);
  assert.match(stderr, /^[^\n]+\n$/);
  assert.match(stderr, "sudo");
}

// Root's alone, as the command under test keeps its memory to itself.
const traceTest = requiring(test, "linux", "root", "strace");

const CALLS = [
  "openat",
  "/^p?write",
  "fsync",
  "fdatasync",
  "/^rename",
  "/chmod",
  "/chown",
  "/^link",
];

for (const existing of [true, false]) {
  traceTest(`${existing ? "replaces" : "makes"} the file in an order that survives`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.file(KEYSTORE_NAME);
    if (existing) folder.keystore(FIXTURE);
    const log = folder.file("trace");
    const command = [...COMMAND, "create", "new", "--keystore", keystore];
    const argv = strace(log, CALLS, ["sh", "-c", 'umask 0 && exec "$@"', "sh", ...command]);
    assert.is((await execute(argv)).status, 0);
    assert.is(statSync(keystore).mode & 0o7777, 0o600);

    const calls = readTrace(log);
    // A new keystore's password file has been renamed into its place before.
    const rename = find(
      calls,
      ({ name, text }) => name.startsWith("rename") && text.includes(`"${keystore}"`),
    );
    const [, temporary = ""] = /"([^"]+)", .*"[^"]+"/.exec(rename.text) ?? [];
    const opened = find(calls, ({ name, text }) => name === "openat" && text.includes(temporary));
    assert.match(opened.text, "O_CREAT");
    assert.match(opened.text, "O_EXCL");
    assert.match(opened.text, "0600");
    const order = [
      opened,
      find(calls, ({ name, text }) => /write/.test(name) && text.includes(`<${temporary}>`)),
      find(calls, ({ name, text }) => name === "fsync" && text.includes(`<${temporary}>`)),
      rename,
      find(
        calls,
        ({ name, text, startLine }) =>
          name === "fsync" && text.includes(`<${folder.path}>`) && startLine > rename.endLine,
      ),
    ];
    for (const [i, call] of order.slice(1).entries()) {
      assert.ok((order[i]?.endLine ?? 0) < call.startLine, `${order[i]?.text} before ${call.text}`);
    }
    // Nothing else ever writes where the keystore is.
    const writable = calls.filter(({ name, text }) =>
      name === "openat" && text.includes(`"${keystore}"`) && /O_WRONLY|O_RDWR|O_TRUNC/.test(text)
    );
    assert.equal(writable, []);
    const loosened = calls.filter(({ name, text }) =>
      /chmod/.test(name) && text.includes(temporary)
    );
    assert.equal(loosened, []);
  });
}

function find(calls: readonly SystemCall[], wanted: (call: SystemCall) => boolean): SystemCall {
  const call = calls.find(wanted);
  assert.ok(call, `no such call: ${wanted}`);
  return call as SystemCall;
}

interface Fault {
  readonly fault: string;
  /** Exit status; null for a killed command. */
  readonly status: number | null;
}

const FAULTS: readonly Fault[] = [
  { fault: "fsync:error=EIO:when=1", status: 6 },
  { fault: "rename:error=EIO:when=1", status: 6 },
  { fault: "fsync:signal=SIGKILL:when=1", status: null },
  { fault: "rename:signal=SIGKILL:when=1", status: null },
];

for (const { fault, status } of FAULTS) {
  traceTest(`the old file stays whole: ${fault}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    const command = [...COMMAND, "create", "new", "--keystore", keystore];
    const outcome = await execute(straceFault(fault, command));
    assert.equal([outcome.status, outcome.stdout], [status, ""], outcome.stderr);
    assert.equal(readFileSync(keystore), Buffer.from(readFixture(FIXTURE)));
    const unfinished = () => readdirSync(folder.path).filter((name) => name.endsWith(".tmp"));
    if (status !== null) assert.equal(unfinished(), []);
    await create(keystore);
    assert.is(await count(keystore), 4);
    assert.equal(unfinished(), [], "what a killed command left is cleared away");
  });
}

test.run();
