// The daemon's socket: its mode, owner, group and folder, from its first instant.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startDaemon } from "../support/daemon.ts";
import { apikey } from "../support/execute.ts";
import { requiring } from "../support/requirements.ts";
import { readTrace, strace } from "../support/strace.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const GID = 60;

interface Row {
  readonly args: readonly string[];
  readonly mode: number;
  readonly gid?: number;
}

const ROWS: readonly Row[] = [
  { args: [], mode: 0o600 },
  { args: ["--socket-group", String(GID)], mode: 0o660, gid: GID },
  { args: ["--socket-mode", "640", "--socket-group", String(GID)], mode: 0o640, gid: GID },
  { args: ["--socket-mode", "0666"], mode: 0o666 },
];

const CALLS = ["bind", "umask", "/^f?chmod", "/chown"];

const traceTest = requiring(test, "linux", "root", "strace");

for (const { args, mode, gid = 0 } of ROWS) {
  traceTest(`is born with mode 0${mode.toString(8)}: ${args.join(" ") || "default"}`, async () => {
    using folder = temporaryFolder();
    const log = folder.file("trace");
    const socket = folder.file("apikey.sock");
    await using daemon = await startDaemon(
      folder.keystore("jdk17-metricshub.p12"),
      socket,
      args,
      (argv) => strace(log, CALLS, ["sh", "-c", 'umask 0 && exec "$@"', "sh", ...argv]),
    );
    const stats = statSync(socket);
    assert.equal([stats.mode & 0o777, stats.uid, stats.gid], [mode, 0, gid]);

    const calls = readTrace(log);
    const bind = calls.findIndex(({ name, text }) => name === "bind" && text.includes(socket));
    const umasks = calls.flatMap(({ name, text }, index) =>
      name === "umask" ? [{ text, index }] : []
    );
    const before = umasks.findLast(({ index }) => index < bind)?.text ?? "";
    const after = umasks.find(({ index }) => index > bind)?.text ?? "";
    assert.is(umaskArgument(before), 0o777 & ~mode, before);
    assert.is(umaskArgument(after), 0, after);
    const changed = calls.slice(bind).filter(({ name }) => name.includes("chmod"));
    assert.equal(changed, []);
    daemon.signal("SIGTERM");
    assert.is(await daemon.ended, 0);
  });
}

function umaskArgument(call: string): number {
  return Number.parseInt(/^umask\((\d+)\)/.exec(call)?.[1] ?? "", 8);
}

const rootTest = requiring(test, "linux", "root");

rootTest("its folder is made for everyone to enter and nobody else to change", async () => {
  using folder = temporaryFolder();
  const run = folder.file("run");
  await using _daemon = await startDaemon(
    folder.keystore("jdk17-metricshub.p12"),
    `${run}/metricshub/apikey.sock`,
    [],
    (argv) => ["sh", "-c", 'umask 077 && exec "$@"', "sh", ...argv],
  );
  for (const path of [run, `${run}/metricshub`]) assert.is(statSync(path).mode & 0o7777, 0o755);
});

test("a folder that others may change is refused, unless each may remove only their own", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const run = folder.file("run");
  mkdirSync(run);
  for (const mode of [0o775, 0o757, 0o777]) {
    chmodSync(run, mode);
    const args = ["daemon", "--keystore", keystore, "--socket", `${run}/apikey.sock`];
    const { status, stderr } = await apikey(args);
    assert.is(status, 5, stderr);
    assert.match(stderr, /^[^\n]+\n$/);
    assert.not.ok(existsSync(`${run}/apikey.sock`));
  }
  chmodSync(run, 0o1777);
  await using _daemon = await startDaemon(keystore, `${run}/apikey.sock`);
});

test("what is no socket in its place is refused and kept", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const [file, directory] = [folder.file("file"), folder.file("directory")];
  writeFileSync(file, "precious");
  mkdirSync(directory);
  for (const socket of [file, directory]) {
    const args = ["daemon", "--keystore", keystore, "--socket", socket];
    const { status, stderr } = await apikey(args);
    assert.is(status, 5, stderr);
    assert.match(stderr, /^[^\n]+\n$/);
    assert.match(stderr, socket);
  }
  assert.is(readFileSync(file, "utf8"), "precious");
  assert.ok(statSync(directory).isDirectory());
});

test.run();
