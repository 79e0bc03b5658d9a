// The service of the Debian package, from its installation to its purge: what kills it, stops it, starts it
// anew, changes its settings and replaces it, under load.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { DEBIAN_ROOT_NEEDS } from "../support/debian_root.ts";
import { send } from "../support/http.ts";
import { measured } from "../support/measured.ts";
import { requiring } from "../support/requirements.ts";
import { SYSTEMD_BOX_NEEDS } from "../support/systemd_box.ts";
import { startLoad, type Tally } from "./load.ts";
import {
  bootMachine,
  CONFIGURATION,
  type Machine,
  SERVICE,
  SOCKET,
  STATE,
  STRANGER,
} from "./machine.ts";
import { SYSTEMS } from "./systems.ts";

const PACKAGES = mkdtempSync(join(tmpdir(), "apikey-debs-"));
test.after(() => rmSync(PACKAGES, { recursive: true, force: true }));

/** As `/root/VERSION.deb`: what is in it is the same in each version. */
function bringPackage({ box }: Machine, version: string): void {
  const folder = join(PACKAGES, version);
  if (!existsSync(folder)) {
    const script = join(import.meta.dirname, "..", "..", "scripts", "package.ts");
    const what = ["--only", "deb", "--target", `linux-${process.arch}`, "--quick"];
    const from = ["--executable", COMMAND[0], "--version", version, "--out", folder];
    execFileSync(process.execPath, [script, ...what, ...from]);
  }
  const [deb = ""] = globSync("*.deb", { cwd: folder });
  copyFileSync(join(folder, deb), box.path(`/root/${version}.deb`));
}

const systemdTest = requiring(test, "dpkg-deb", ...DEBIAN_ROOT_NEEDS, ...SYSTEMD_BOX_NEEDS);

/** Short enough to wait for. */
const WATCHDOG_SECONDS = 2;

for (const { name, root } of SYSTEMS) {
  systemdTest(`${name}: goes on whatever happens to it`, async () => {
    await using machine = await bootMachine(await root());
    const { does } = machine;
    bringPackage(machine, "0.1.0");
    bringPackage(machine, "0.1.1");
    await does(["dpkg", "--install", "/root/0.1.0.deb"]);
    assert.is(JSON.parse(await does(["apikey", "service", "install", "--json"])).changed, false);
    await assertAdmits(machine);
    await assertSurvives(machine, "kill -9", async (pid) => {
      await does(["sh", "-c", `kill -KILL ${pid}`]);
      await machine.nextPid(pid);
    });
    await assertSurvivesUnnoticed(machine, "systemctl restart", async (pid) => {
      for (let times = 0; times < 3; times++) await does(["systemctl", "restart", SERVICE]);
      await machine.nextPid(pid);
    });
    await assertReloads(machine);
    machine.writes(
      `/etc/systemd/system/${SERVICE}.d/watchdog.conf`,
      `[Service]\nWatchdogSec=${WATCHDOG_SECONDS}\n`,
    );
    await does(["systemctl", "daemon-reload"]);
    await does(["systemctl", "restart", SERVICE]);
    await assertSurvives(machine, "SIGSTOP", async (pid) => {
      await does(["sh", "-c", `kill -STOP ${pid}`]);
      await machine.nextPid(pid);
    });
    assert.match(await machine.journal(), /[Ww]atchdog timeout/);
    await assertSurvivesUnnoticed(machine, "an upgrade", async (pid) => {
      await does(["dpkg", "--install", "/root/0.1.1.deb"]);
      await machine.nextPid(pid);
    });
    await assertGoes(machine);
  });
}

/** Without a trace but the keystore, which root can go on using. */
async function assertGoes({ does, tries, box }: Machine): Promise<void> {
  // What an administrator has added is an administrator's to remove.
  await does(["rm", "-r", `/etc/systemd/system/${SERVICE}.d`]);
  await does(["cp", "/usr/bin/apikey", "/root/apikey"]);
  const before = await does(["apikey", "list"]);
  const { status, stderr } = await tries(["dpkg", "--purge", "metricshub-apikey"]);
  assert.is(status, 0, stderr);
  assert.match(stderr, `${STATE} stays`);
  assert.not(existsSync(box.path("/run/metricshub")));
  const traces = await does([
    "find",
    "/etc",
    "/usr",
    "/run",
    "/var/lib/systemd",
    "-name",
    "*apikey*",
  ]);
  assert.is(traces, "");
  assert.is((await tries(["getent", "passwd", "metricshub-apikey"])).status, 2);
  assert.is(await does(["/root/apikey", "list"]), before);
}

/** Root may, a stranger may not even knock, and the members of the service's group may check keys. */
async function assertAdmits(machine: Machine): Promise<void> {
  const { does, tries } = machine;
  const created = JSON.parse(await does(["apikey", "create", "first", "--json"]));
  const [, , gid] = (await does(["getent", "group", "metricshub-apikey"])).split(":");
  const member = { uid: 1001, gid: Number(gid) };
  for (const argv of [["create", "mine"], ["list"], ["revoke", "first"]]) {
    for (const user of [STRANGER, member]) {
      const { status, stderr } = await tries(["apikey", ...argv], { user });
      assert.equal([status, stderr.split("\n").length], [4, 2], `${argv}: ${stderr}`);
    }
  }
  const verify = (user: typeof member, key: string) =>
    tries(["apikey", "verify"], { user, input: key }).then(({ status }) => status);
  assert.is(await verify(member, created.key), 0);
  assert.is(await verify(member, randomUUID()), 3);
  assert.is(await verify(STRANGER, created.key), 4);
}

/** What was promised is there afterwards; what was under way at that moment may have had no answer. */
async function assertSurvives(
  machine: Machine,
  what: string,
  blow: (pid: string) => Promise<void>,
): Promise<Tally> {
  const end = startLoad(machine.box.path(SOCKET));
  await sleep(300);
  await blow(await machine.pid());
  // Whoever asks now gets an answer: commands wait for as long as it takes.
  await machine.does(["apikey", "list"]);
  await sleep(300);
  const tally = await end();
  const lost = await lostKeys(machine, tally);
  const { requests, failures, made } = tally;
  measured(`${what}: ${requests} requests, ${failures.length} unanswered, ${made.size} keys made`);
  assert.equal(lost, []);
  assert.ok(made.size > 10, "there was a load");
  // Each of the eight clients has at most one request under way.
  assert.ok(failures.length <= 8, failures.join("\n"));
  return tally;
}

async function assertSurvivesUnnoticed(
  machine: Machine,
  what: string,
  blow: (pid: string) => Promise<void>,
): Promise<void> {
  const { failures } = await assertSurvives(machine, what, blow);
  assert.equal(failures, []);
}

/** What the daemon has said of keys, and what it knows of them now. */
async function lostKeys(machine: Machine, { made, revoked }: Tally): Promise<string[]> {
  const { keys } = JSON.parse(await machine.does(["apikey", "list", "--json"])) as {
    keys: { alias: string; maskedKey: string }[];
  };
  const there = new Map(keys.map(({ alias, maskedKey }) => [alias, maskedKey.slice(-4)]));
  return [
    ...[...made].filter(([alias, key]) =>
      !revoked.has(alias) && there.get(alias) !== key.slice(-4)
    ),
    ...[...revoked].filter((alias) => there.has(alias)),
  ].map(String);
}

/** A group gets in from the reload on, and mistakes change nothing. */
async function assertReloads(machine: Machine): Promise<void> {
  const { does, tries, pid } = machine;
  const before = await pid();
  await does(["groupadd", "--gid=2000", "keymasters"]);
  const member = { uid: 1002, gid: 2000 };
  // By a named socket, as an ordinary user's command is not kept from that by the file's mistakes.
  const list = async () =>
    (await tries(["apikey", "list", "--socket", SOCKET], { user: member })).status;
  assert.is(await list(), 4);
  machine.writes(CONFIGURATION, "adminGroup: keymasters\n");
  // For two groups that is everybody, and the socket's unit is of before.
  await reload(machine, "the socket is not open to all whom the settings name");
  assert.is(await list(), 4);
  await does(["chmod", "666", SOCKET]);
  await reload(machine, "settings read anew");
  assert.is(await list(), 0);
  machine.writes(CONFIGURATION, "adminGroups: keymasters\n");
  await reload(machine, "going by the old settings");
  const warnings = ["journalctl", "--quiet", "--output=json", "--priority=warning"];
  const told = await does([...warnings, `--unit=${SERVICE}`, "--grep=^going by the old settings"]);
  assert.is(JSON.parse(told).PRIORITY, "4");
  assert.is(await list(), 0);
  machine.writes(CONFIGURATION, "generations: 7\n");
  await reload(machine, "after a restart only");
  assert.is(await list(), 4);
  assert.is(await pid(), before);
  const { status } = await send(machine.box.path(SOCKET), { method: "GET", path: "/v1/health" });
  assert.is(status, 200);
  await does(["rm", machine.box.path(CONFIGURATION).replace(/^\/proc\/\d+\/root/, "")]);
}

/** Until the daemon says so. */
async function reload(machine: Machine, words: string): Promise<void> {
  const before = await machine.journal();
  await machine.does(["systemctl", "reload", SERVICE]);
  for (let tries = 0; tries < 100; tries++) {
    if ((await machine.journal()).slice(before.length).includes(words)) return;
    await sleep(50);
  }
  throw new Error(`no '${words}': ${await machine.journal()}`);
}

test.run();
