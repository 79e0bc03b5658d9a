// Everything that can be wrong with an installation, made so for real, and mended by what is printed.
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { startDaemonWith } from "../support/daemon.ts";
import { execute } from "../support/execute.ts";
import { GAMES, USERS } from "../support/groups.ts";
import { IS_SOURCE } from "../support/extent.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import { copyFixture, type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";
import { RUNTIME } from "../support/users.ts";

const PATH = "/etc/metricshub/apikey.yaml";
const IMPOSTOR = join(import.meta.dirname, "..", "support", "impostor.ts");

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly text: string;
  readonly command: string | null;
}

/** How the inside of a host is entered, as nothing for this one. */
type Enter = (argv: readonly string[]) => readonly string[];

/** An administrator's shell, for which `apikey` is the command under test. */
class Shell {
  readonly #enter: Enter;
  readonly #prelude: string;

  constructor(folder: TemporaryFolder, enter: Enter = (argv) => argv) {
    const words = COMMAND.map((word) => `'${word}'`).join(" ");
    writeFileSync(folder.file("apikey"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    this.#enter = enter;
    this.#prelude = `PATH="${folder.path}:$PATH:/usr/sbin:/sbin"\n`;
  }

  async run(script: string): Promise<string> {
    const argv = this.#enter(["sh", "-ec", this.#prelude + script]);
    const { status, stdout, stderr } = await execute(argv);
    assert.is(status, 0, `${script}: ${stdout}${stderr}`);
    return stdout;
  }

  /** @param environment what is said before the command: `TZ=…` */
  async doctor(flags: string, environment = ""): Promise<Finding[]> {
    const script = `${this.#prelude}${environment}\napikey doctor --json ${flags}`;
    const { status, stdout, stderr } = await execute(this.#enter(["sh", "-c", script]));
    assert.is(stderr, "");
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    const isWell = findings.every(({ severity }) => severity === "hint");
    assert.is(status, isWell ? 0 : 1, stdout);
    return findings;
  }
}

/** Without what is no reason for an exit status. */
function wrong(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity !== "hint");
}

/** Runs each remedy, and then those of what comes to light only then, until nothing is left. */
async function mend(shell: Shell, flags: string, expected: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  for (let round = 0;; round++) {
    const findings = wrong(await shell.doctor(flags));
    if (findings.length === 0) break;
    assert.ok(round < MAX_ROUNDS, `still there: ${JSON.stringify(findings)}`);
    for (const { code, command, text } of findings) {
      seen.add(code);
      // What comes of another finding goes with it.
      if (command !== null) await shell.run(command);
      else assert.ok(CONSEQUENCES.includes(code), `${code} has no command: ${text}`);
    }
  }
  assert.equal([...seen].sort(), [...expected].sort());
}

const CONSEQUENCES = ["keystore-unusable", "daemon-failing"];

/** One mistake may hide another one. */
const MAX_ROUNDS = 4;

const rootTest = requiring(test, "linux", "root");

/** What is the same to each runtime is tried with the executable. */
const hostTest = IS_SOURCE
  ? () => undefined
  : requiring(test, "linux", "root", "mount", "groupadd");

rootTest("whoever runs what is printed about the files is rid of all of it", async () => {
  using folder = temporaryFolder();
  const shell = new Shell(folder);
  await shell.run(`cd '${folder.path}'
mkdir -m 700 "it's here"; cd "it's here"
apikey create --alias a --keystore k.p12
apikey create --alias b --keystore k.p12`);
  const flags = `--keystore '${folder.path}/it'\\''s here/k.p12'`;
  assert.equal(wrong(await shell.doctor(flags)), []);
  await shell.run(`cd '${folder.path}'/it*
echo left > .k.p12.0123456789abcdef.tmp
touch -d '1 hour ago' .k.p12.0123456789abcdef.tmp
sed -i '2s/"create"/"delete"/' k.audit.jsonl
chown 1000 k.audit.jsonl.head
chown 1001 k.p12.generation-1
rm k.p12.lock; ln -s k.password k.p12.lock
chmod 666 k.password
touch -d '1 hour' k.p12
chmod 777 .`);
  await mend(shell, flags, [
    "audit-log-altered",
    "file-of-another",
    "file-of-another-kind",
    "file-open-to-all",
    "file-open-to-group",
    "folder-open-to-all",
    "folder-open-to-group",
    "keystore-unusable",
    "leftover",
    "written-in-the-future",
  ]);
});

rootTest("of what is in the keystore, too", async () => {
  using folder = temporaryFolder();
  const shell = new Shell(folder);
  copyFixture("fuzz/seed-own-payloads.p12", folder.file("k.p12"));
  await shell.run(`umask 077; cd '${folder.path}'
echo another > k.password
echo store > k.password.new
chown 1000 . k.p12 k.password*`);
  const flags = `--keystore ${folder.file("k.p12")}`;
  await mend(shell, flags, ["entry-unreadable", "password-not-in-place"]);
  await shell.run(`cd '${folder.path}'; dd if=/dev/zero of=k.p12 bs=100 count=1 conv=notrunc`);
  await mend(shell, flags, ["keystore-unreadable", "entry-unreadable"]);
  const hints = await shell.doctor(`--keystore ${folder.file("other.p12")}`);
  assert.equal(hints.map(({ code }) => code), ["keystore-missing"]);
  await shell.run(hints[0]?.command ?? "false");
  assert.equal(await shell.doctor(`--keystore ${folder.file("other.p12")}`), []);
});

hostTest("of a keystore that an installed MetricsHub cannot read", async () => {
  using folder = temporaryFolder();
  const shell = new Shell(folder);
  await shell.run(`cd '${folder.path}'; mkdir bin; mkdir -m 700 security
apikey create --alias a --keystore security/metricshub-keystore.p12
chown 1000 security`);
  const flags = `--keystore ${folder.path}/security/metricshub-keystore.p12`;
  await mend(shell, flags, ["keystore-not-metricshubs", "file-of-another"]);
  await shell.run(
    `chown 0 ${folder.path}/security/metricshub-keystore.p12; rm -r ${folder.path}/bin`,
  );
  await mend(shell, flags, ["folder-of-another", "file-of-another"]);
});

hostTest("and of a time zone that is not the host's", async () => {
  using folder = temporaryFolder();
  const shell = new Shell(folder);
  const flags = `--keystore ${folder.file("k.p12")}`;
  for (const zone of ["Pacific/Kiritimati", "No/Where"]) {
    const set = `TZ=${zone}; export TZ`;
    const [finding] = wrong(await shell.doctor(flags, set));
    if (await shell.run("readlink /etc/localtime || true") === "") break;
    assert.equal(finding?.code, "time-zone");
    assert.equal(wrong(await shell.doctor(flags, `${set}\n${finding?.command}`)), []);
  }
});

/** A host on which there can be a configuration file, and users and groups. */
const HOST = `
for folder in run var/lib; do mount -t tmpfs -o mode=755 tmpfs /$folder; done
mkdir /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
mkdir -p /etc/metricshub /var/lib/own
mount -t tmpfs -o mode=700,size=1m,nr_inodes=20 tmpfs /var/lib/own`;

hostTest("of the host's configuration, its disks, and who pretends to be its daemon", async () => {
  using folder = temporaryFolder(0o755);
  await using host = await mountNamespace(HOST);
  const shell = new Shell(folder, host.enter);
  const say = (text: string) => writeFileSync(host.outside(PATH), text, { mode: 0o644 });
  assert.equal(wrong(await shell.doctor("")), []);
  say(`keystore: /var/lib/own/k.p12
socket: /run/own/apikey.sock
adminGroup: apikey-doctor-test
generation: 3
auditLog: /var/lib/audit folder/audit.jsonl
passwordFile: /etc/metricshub/none
limits:
  anyone: 3
`);
  await shell.run(`chmod 602 ${PATH}`);
  const [untrusted] = wrong(await shell.doctor(""));
  assert.is(untrusted?.code, "configuration-untrusted");
  await shell.run("head --bytes=900000 /dev/zero > /var/lib/own/fill");
  await shell.run("for number in $(seq 15); do : > /var/lib/own/fill$number; done");
  const said = async () => wrong(await shell.doctor("")).map(({ code }) => code);
  await shell.run(untrusted?.command ?? "false");
  // Nobody but the owner knows what may go.
  assert.equal((await said()).filter((code) => /disk|inodes/.test(code)), [
    "disk-full",
    "inodes-used-up",
  ]);
  await shell.run("rm /var/lib/own/fill*; mount -o remount,size=8m,ro /var/lib/own");
  await mend(shell, "", [
    "configuration-hidden",
    "configuration-invalid",
    "file-system-read-only",
    "folder-missing",
    "group-missing",
    "password-file-missing",
  ]);
  say("\xff");
  await mend(shell, "", ["configuration-invalid"]);
  say(`socket: /run/own/${"x".repeat(100)}\nkeystore: /var/lib/own/k.p12\n`);
  await mend(shell, "", ["socket-path-too-long", "daemon-failing"]);
  say("keystore: /var/lib/own/k.p12\nsocket: /run/own/apikey.sock\n");
  await shell.run("apikey create --alias a; mkdir --mode=755 /run/own; chown 1000 /run/own");
  const socket = host.outside("/run/own/apikey.sock");
  {
    await using daemon = await startDaemonWith({ args: [], socket, wrap: host.enter });
    rmSync(socket);
    const codes = wrong(await shell.doctor("")).map(({ code }) => code);
    assert.ok(codes.includes("daemon-without-socket") && codes.includes("keystore-unusable"));
    const holder = async () =>
      (await shell.doctor("")).find(({ code }) => code === "daemon-without-socket");
    // Whose lock it is could have written any process there.
    await shell.run("chown 1000 /var/lib/own/k.p12.lock");
    assert.is((await holder())?.command, null);
    await shell.run("chown 0 /var/lib/own/k.p12.lock");
    await shell.run((await holder())?.command ?? "false");
    await daemon.ended;
    assert.equal(wrong(await shell.doctor("")).map(({ code }) => code), ["folder-of-another"]);
  }
  say(`keystore: /var/lib/own/k.p12\nsocket: /run/own/apikey.sock
adminGroup: ${GAMES.name}\nverifierGroup: ${USERS.name}\n`);
  {
    await using _daemon = await startDaemonWith({ args: [], socket, wrap: host.enter });
    const [open] = (await shell.doctor("")).filter(({ severity }) => severity === "hint");
    assert.equal([open?.code, open?.command], ["socket-open-to-all", null]);
    await shell.run("echo garbage > /var/lib/own/k.p12");
    await mend(shell, "", ["folder-of-another", "keystore-fault"]);
    await shell.run("chown 1000 /run/own; rm /run/own/apikey.sock*");
  }
  const impostor = spawn(...split(host.enter([
    ...["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", ...RUNTIME],
    ...[IMPOSTOR, "/run/own/apikey.sock"],
  ])));
  try {
    await new Promise((resolve, reject) => {
      impostor.stdout.once("data", resolve);
      impostor.once("exit", () => reject(new Error("it does not listen")));
    });
    await mend(shell, "", ["daemon-untrusted", "folder-of-another"]);
  } finally {
    impostor.kill("SIGKILL");
  }
});

hostTest("of the executable itself", async () => {
  using folder = temporaryFolder(0o755);
  await using host = await mountNamespace(HOST);
  const shell = new Shell(folder, host.enter);
  await shell.run(`mkdir -p /var/lib/bin; cp '${COMMAND[0]}' /var/lib/bin/program
chmod 777 /var/lib/bin /var/lib/bin/program
cat > '${folder.file("apikey")}' <<END
#!/bin/sh
exec /var/lib/bin/program "\\$@"
END`);
  await mend(shell, "", ["executable-writable"]);
});

function split([program = "", ...args]: readonly string[]): [string, string[]] {
  return [program, args];
}

test.run();
