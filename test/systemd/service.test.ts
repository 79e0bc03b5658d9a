// `apikey service` on the systems that it is for: into a service in one command, and out again.
import { existsSync, statSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DEBIAN_ROOT_NEEDS } from "../support/debian_root.ts";
import { outputJudge } from "../support/output_schema.ts";
import { requiring } from "../support/requirements.ts";
import { SYSTEMD_BOX_NEEDS } from "../support/systemd_box.ts";
import {
  bootMachine,
  bringExecutable,
  CONFIGURATION,
  KEYSTORE,
  SERVICE,
  STATE,
  STRANGER,
} from "./machine.ts";
import { SYSTEMS } from "./systems.ts";

const systemdTest = requiring(test, ...DEBIAN_ROOT_NEEDS, ...SYSTEMD_BOX_NEEDS);
const judge = outputJudge();

const DOWNLOADED = "/root/download/apikey";

for (const { name, root } of SYSTEMS) {
  systemdTest(
    `${name}: installs itself from where it was downloaded, and leaves no trace`,
    async () => {
      await using machine = await bootMachine(await root());
      const { does, tries, box } = machine;
      bringExecutable(machine, DOWNLOADED);
      const traces = ["find", "/etc", "/usr", "/run", "/var", "/root", "-name", "*apikey*"];
      const before = await does(traces);
      await does(["mkdir", "-p", STATE]);
      await does([DOWNLOADED, "create", "before"]);
      const installed = JSON.parse(await does([DOWNLOADED, "service", "install", "--json"]));
      assert.equal(judge("service-install", installed), []);
      assert.is(installed.changed, true);
      assert.is(statSync(box.path("/usr/local/bin/apikey")).mode & 0o777, 0o755);
      // What root had made is the service's, and nobody else's.
      const owners = await does(["find", STATE, "-printf", "%u %m\n"]);
      assert.equal([...new Set(owners.trim().split("\n"))].sort(), [
        "metricshub-apikey 600",
        "metricshub-apikey 700",
      ]);
      assert.match(await does(["apikey", "list"]), /^before \*+/);
      assert.match(await does(["apikey", "status"]), "Served by: daemon");
      const again = JSON.parse(await does(["apikey", "service", "install", "--json"]));
      assert.is(again.changed, false);
      const state = JSON.parse(await does(["apikey", "service", "status", "--json"]));
      assert.equal(judge("service-status", state), []);
      assert.is(state.isRunning, true);
      assert.match(state.units[1].status, `Serving 1 API key of ${KEYSTORE}`);
      await does(["systemctl", "stop", "metricshub-apikey.socket"]);
      assert.is((await tries(["apikey", "service", "status"])).status, 1);
      const removed = JSON.parse(await does(["apikey", "service", "uninstall", "--json"]));
      assert.equal(judge("service-uninstall", removed), []);
      assert.is(removed.steps.at(-1), `${KEYSTORE} stays, with what is beside it`);
      assert.is(await does(["find", STATE, "-not", "-user", "root"]), "");
      assert.is((await tries(["getent", "passwd", "metricshub-apikey"])).status, 2);
      assert.is((await tries(["getent", "group", "metricshub-apikey"])).status, 2);
      const after = (await does(traces)).split("\n").filter((path) => !path.startsWith(STATE));
      assert.is(after.join("\n"), before);
      assert.not(existsSync(box.path("/run/metricshub")));
      assert.match(await does([DOWNLOADED, "list"]), /^before \*+/);
      const nothing = JSON.parse(await does([DOWNLOADED, "service", "uninstall", "--json"]));
      assert.is(nothing.changed, false);
    },
  );

  systemdTest(`${name}: has nothing to say against the units`, async () => {
    await using machine = await bootMachine(await root());
    const { does, tries } = machine;
    bringExecutable(machine, "/usr/bin/apikey");
    const { files } = JSON.parse(await does(["apikey", "service", "print", "--json"]));
    assert.equal(judge("service-print", { files }), []);
    for (const { path, content } of files) machine.writes(path, content);
    const units = files.map(({ path }: { path: string }) => path).filter((path: string) =>
      path.startsWith("/etc/systemd/system/")
    );
    assert.is(units.length, 2);
    // A page of the manual that is not installed here is all that it misses.
    const verified = await tries(["systemd-analyze", "verify", "--man=no", ...units]);
    assert.equal([verified.status, verified.stdout + verified.stderr], [0, ""]);
    await does([
      ...["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=5"],
      `/etc/systemd/system/${SERVICE}`,
    ]);
  });

  systemdTest(`${name}: leaves the keystore of an installed MetricsHub its owner's`, async () => {
    await using machine = await bootMachine(await root());
    const { does } = machine;
    bringExecutable(machine, "/opt/metricshub/bin/apikey");
    const keystore = "/opt/metricshub/security/metricshub-keystore.p12";
    const argv = ["install", "--directory", "--mode=700"];
    // As where there is more room, or a copy is made of it.
    await does([...argv, "/srv/security"]);
    await does(["ln", "--symbolic", "/srv/security", "/opt/metricshub/security"]);
    machine.writes(CONFIGURATION, "auditLog: /var/log/metricshub/apikey.jsonl\n");
    await does([...argv, "/var/log/metricshub"]);
    await does(["/opt/metricshub/bin/apikey", "service", "install"]);
    await does(["/opt/metricshub/bin/apikey", "create", "root-s"]);
    const capabilities = await does(["grep", "^Cap", `/proc/${await machine.pid()}/status`]);
    assert.equal(capabilities.match(/[0-9a-f]{16}/g), Array(5).fill("0".repeat(16)));
    assert.is(await does(["stat", "--format=%U %a", keystore]), "root 600\n");
    await does(["test", "-s", "/var/log/metricshub/apikey.jsonl"]);
    // Now it is another user's, as that of a MetricsHub that does not run as root.
    await does(["useradd", "--uid=1000", "metricshub"]);
    for (const folder of ["/srv/security", "/var/log/metricshub"]) {
      await does(["chown", "--recursive", "metricshub:", folder]);
    }
    await does(["/opt/metricshub/bin/apikey", "service", "install"]);
    await does(["/opt/metricshub/bin/apikey", "create", "the-user-s"]);
    assert.is(await does(["stat", "--format=%u %a", keystore]), "1000 600\n");
    assert.match(await does(["grep", "^Uid", `/proc/${await machine.pid()}/status`]), /\t1000\t/);
    // Whoever has the folder does not get a service that runs as root by a link to what is root's.
    await does(["touch", "/srv/root-s.p12"]);
    await does(["mv", keystore, `${keystore}.mine`]);
    await does(["ln", "-s", "/srv/root-s.p12", keystore]);
    await does(["chown", "--no-dereference", "metricshub:", keystore]);
    const refused = await machine.tries(["/opt/metricshub/bin/apikey", "service", "install"]);
    assert.equal([refused.status, refused.stderr.split("\n").length], [1, 2], refused.stderr);
    await does(["mv", `${keystore}.mine`, keystore]);
    await does(["/opt/metricshub/bin/apikey", "service", "uninstall"]);
    assert.is(await does(["stat", "--format=%u %a", keystore]), "1000 600\n");
  });
}

for (const { name, root } of SYSTEMS) {
  systemdTest(`${name}: hands the service its password as a credential`, async () => {
    await using machine = await bootMachine(await root());
    const { does } = machine;
    bringExecutable(machine, "/usr/bin/apikey");
    await does(["apikey", "service", "install"]);
    await does(["apikey", "create", "first"]);
    const password = `${STATE}/metricshub-keystore.password`;
    await does(["mkdir", "--mode=700", "--parents", "/etc/credstore.encrypted"]);
    const encrypted = "/etc/credstore.encrypted/keystore-password";
    await does(["systemd-creds", "encrypt", "--name=keystore-password", password, encrypted]);
    await does(["rm", password]);
    await does(["systemctl", "restart", SERVICE]);
    assert.match(await does(["apikey", "list"]), /^first \*+/);
    const status = JSON.parse(await does(["apikey", "status", "--json"]));
    assert.is(status.password.source, "systemd-credential");
  });
}

systemdTest(
  "refuses whoever is not root, a daemon that is no service, and a system without systemd",
  async () => {
    await using machine = await bootMachine(await SYSTEMS[0].root());
    const { does, tries, box } = machine;
    bringExecutable(machine, "/usr/bin/apikey");
    for (const verb of ["install", "uninstall"]) {
      const { status, stderr } = await tries(["apikey", "service", verb], { user: STRANGER });
      assert.equal([status, stderr.split("\n").length], [4, 2], stderr);
    }
    const unasked = await tries(["apikey", "service", "status"], { user: STRANGER });
    assert.equal([unasked.status, unasked.stderr.split("\n").length], [4, 2], unasked.stderr);
    machine.writes(CONFIGURATION, "auditLog: /var/log/nowhere/audit.jsonl\n");
    const lacking = await tries(["apikey", "service", "install"]);
    assert.equal([lacking.status, lacking.stderr.split("\n").length], [1, 2], lacking.stderr);
    assert.match(lacking.stderr, /no folder \/var\/log\/nowhere: /);
    assert.not(existsSync(box.path(`/etc/systemd/system/${SERVICE}`)));
    await does(["rm", CONFIGURATION]);
    await does(["mkdir", "-p", STATE]);
    await does(["systemd-run", "--quiet", "apikey", "daemon"]);
    for (let tries = 0; !existsSync(box.path("/run/metricshub/apikey.sock")); tries++) {
      await does(["sleep", "0.05"]);
      assert.ok(tries < 200);
    }
    const busy = await tries(["apikey", "service", "install"]);
    assert.equal([busy.status, busy.stderr.split("\n").length], [5, 2], busy.stderr);
    assert.not(existsSync(box.path(`/etc/systemd/system/${SERVICE}`)));
    await does(["umount", "--lazy", "/run"]);
    const without = await tries(["apikey", "service", "install"]);
    assert.equal([without.status, without.stderr.split("\n").length], [1, 2], without.stderr);
  },
);

test.run();
