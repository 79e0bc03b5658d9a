// The host's configuration file, where it really is, for commands and for a daemon.
import { chmodSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { startDaemonWith } from "../support/daemon.ts";
import { apikey, execute, type Outcome } from "../support/execute.ts";
import { GAMES } from "../support/groups.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { asUser } from "../support/users.ts";

const rootTest = requiring(test, "linux", "root", "mount", "setpriv");

const PATH = "/etc/metricshub/apikey.yaml";

const TEXT = `keystore: /var/lib/own/keys.p12
socket: /run/own/keys.sock
verifierGroup: ${GAMES.name}
socketMode: 666
generations: 1
limits:
  anyone: {requestsPerSecond: 1}
`;

/** A host of its own, on which no keystore is and a configuration file can be. */
function emptyHost() {
  return mountNamespace(`
for folder in run var/lib; do mount -t tmpfs tmpfs /$folder; done
mkdir -m 700 /var/lib/own
mkdir /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
mkdir -p /etc/metricshub`);
}

rootTest("everybody goes by the host's file, and a mistake in it is one line", async () => {
  await using host = await emptyHost();
  const say = (text: string) => writeFileSync(host.outside(PATH), text, { mode: 0o644 });
  const run = (...args: string[]) => execute(host.enter([...COMMAND, ...args]));
  const runAs = (uid: number, ...args: string[]) =>
    execute(host.enter(asUser({ uid }, [...COMMAND, ...args])));
  say(TEXT);
  assert.is((await run("create", "a")).status, 0);
  const socket = host.outside("/run/own/keys.sock");
  {
    await using _daemon = await startDaemonWith({ args: [], socket, wrap: host.enter });
    const { stdout } = await run("status", "--json");
    const { server, keystore } = JSON.parse(stdout);
    assert.equal([server.role, server.socket], ["daemon", "/run/own/keys.sock"]);
    assert.equal([keystore.path, keystore.keys], ["/var/lib/own/keys.p12", 1]);
    // To connect has taken all that strangers have in a second.
    const refused = await runAs(1000, "list", "--json");
    assert.is(JSON.parse(refused.stderr).code, "ERR_TOO_MANY_REQUESTS");
  }
  say(TEXT.replace("generations", "\ngeneration"));
  for (const command of ["list", "daemon"]) {
    assertRefused(await run(command), 2, `${PATH}:6:1: generation: unknown field`);
  }
  assert.is((await runAs(1000, "list", "--keystore", "/tmp/nowhere.p12")).status, 0);
  say(TEXT);
  chmodSync(host.outside(PATH), 0o600);
  assertRefused(await runAs(1000, "list"), 4, `cannot read ${PATH}: permission denied`);
  chmodSync(host.outside(PATH), 0o666);
  assertRefused(await run("list"), 2, `cannot trust ${PATH}: others can write to it`);
});

function assertRefused({ status, stdout, stderr }: Outcome, expected: number, text: string): void {
  assert.equal([status, stdout], [expected, ""], stderr);
  assert.match(stderr, /^[^\n]+\n$/);
  assert.ok(stderr.startsWith(`apikey: ${text}`), stderr);
}

test("check says all that is wrong, and show where each value comes from", async () => {
  using folder = temporaryFolder();
  const path = folder.file("apikey.yaml");
  writeFileSync(path, "\ngenerations: 1\nadminGroup: no-such-group\n", { mode: 0o644 });
  const checked = await apikey(["config", "check", path]);
  assert.is(checked.status, 0, checked.stderr);
  assert.match(checked.stdout, /:3:1: warning: adminGroup: .*groupadd[^\n]*\n[^\n]* is valid\.\n$/);
  const env = { APIKEY_ADMIN_GROUP: "games", APIKEY_CONFIG: path };
  const shown = await apikey(["config", "show", "--log-level", "debug"], { env });
  assert.is(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, new RegExp(`^generations +1 +${path}:2$`, "m"));
  assert.match(shown.stdout, /^adminGroup +games +APIKEY_ADMIN_GROUP$/m);
  assert.match(shown.stdout, /^logLevel +debug +--log-level$/m);
  assert.match(shown.stdout, /^limits\.anyone\.connections +16 +default$/m);
  writeFileSync(path, "generation: 1\nlogLevel: loud\n");
  const wrong = await apikey(["config", "check", path]);
  assert.equal([wrong.status, wrong.stderr], [2, ""]);
  assert.match(wrong.stdout, /^\S+:1:1: [^\n]*'generations'\?\n\S+:2:11: [^\n]*\n$/);
});

test("what is refused is not quoted, as it may be a password in the wrong place", async () => {
  using folder = temporaryFolder();
  const path = folder.file("apikey.yaml");
  writeFileSync(path, "passwordFile: s3cret\n", { mode: 0o600 });
  const { stdout, stderr } = await apikey(["config", "check", path]);
  assert.not.match(stdout + stderr, "s3cret");
});

test.run();
