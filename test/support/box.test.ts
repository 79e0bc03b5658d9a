// The systems in namespaces that other tests install things in: that they are the real ones, and
// leave nothing behind.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DEBIAN_ROOT_NEEDS, debianRoot } from "./debian_root.ts";
import { openDebian } from "./debian_box.ts";
import { requiring } from "./requirements.ts";
import { bootSystemd, SYSTEMD_BOX_NEEDS } from "./systemd_box.ts";
import { RUNTIME } from "./users.ts";

const boxTest = requiring(test, ...DEBIAN_ROOT_NEEDS, ...SYSTEMD_BOX_NEEDS);

const UNIT = `[Service]
Type=notify
ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep 1000'
Restart=always
RestartSec=0
NotifyAccess=all
DynamicUser=yes
StateDirectory=tried
`;

/** What Debian's systemd sets as it boots. */
const KERNEL_SETTINGS = ["fs/protected_regular", "fs/nr_open", "fs/file-max"]
  .map((name) => `/proc/sys/${name}`);

const SYSTEMDS = [
  { about: "the host's", root: () => Promise.resolve("/"), version: /^systemd 2\d\d / },
  {
    about: "Debian 13's",
    root: () => debianRoot({ suite: "trixie", packages: ["libatomic1", "systemd"] }),
    version: /^systemd 257 /,
  },
] as const;

for (const { about, root, version } of SYSTEMDS) {
  boxTest(`${about} systemd starts a service, and starts it again`, async () => {
    const at = await root();
    const settings = () => KERNEL_SETTINGS.map((path) => readFileSync(path, "utf8"));
    const before = settings();
    await using box = await bootSystemd({ root: at });
    const does = async (...argv: readonly string[]) => {
      const { status, stdout, stderr } = await box.run(argv);
      assert.equal([status, stderr], [0, ""], argv.join(" "));
      return stdout.trim();
    };
    assert.match(await does("systemctl", "--version"), version);
    assert.is(await does("systemctl", "is-system-running"), "running");
    assert.equal(settings(), before, "the kernel's settings are everybody's");
    writeFileSync(box.path("/etc/systemd/system/tried.service"), UNIT);
    await does("systemctl", "start", "tried.service");
    await does("systemctl", "kill", "--kill-who=main", "--signal=KILL", "tried.service");
    while (await does("systemctl", "show", "--property=NRestarts", "--value", "tried") === "0") {
      await sleep(20);
    }
    assert.is(await does("stat", "--format=%a", "/var/lib/private/tried"), "755");
    assert.not(existsSync(join(at, "etc/systemd/system/tried.service")));
  });
}

boxTest("a Debian is of its release, and can be changed", async () => {
  const root = await debianRoot({ suite: "trixie", packages: ["libatomic1"] });
  await using box = await openDebian({ root });
  const { stdout } = await box.run(["sh", "-c", "cat - /etc/debian_version && id --user"], {
    input: "release ",
    user: { uid: 1000 },
  });
  assert.match(stdout, /^release 13\.\d+\n1000\n$/);
  assert.is((await box.run(["dpkg", "--purge", "libatomic1"])).status, 0);
  assert.match(readFileSync(join(root, "var/lib/dpkg/status"), "utf8"), "\nPackage: libatomic1\n");
});

const OPEN = `
import { bootSystemd } from ${JSON.stringify(import.meta.resolve("./systemd_box.ts"))};
console.log((await bootSystemd({ root: "/" })).pid);
`;

/** Where control groups of the second version are. */
const HIERARCHIES = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

boxTest("a box ends with a test that is killed", async () => {
  const [program = "", ...args] = RUNTIME[1] === "run" ? [RUNTIME[0], "eval"] : [
    ...RUNTIME,
    "--input-type=module",
    "--eval",
  ];
  const child = spawn(program, [...args, OPEN], { stdio: ["ignore", "pipe", "inherit"] });
  const [pid] = await child.stdout.setEncoding("utf8").take(1).toArray() as string[];
  const groups = readFileSync(`/proc/${Number(pid)}/cgroup`, "utf8");
  const [, group = ""] = /^0::(\/apikey-[^/]+)/m.exec(groups) ?? [];
  assert.ok(group);
  child.kill("SIGKILL");
  const left = [`/proc/${Number(pid)}`, ...HIERARCHIES.map((path) => path + group)];
  for (let tries = 0; left.some((path) => existsSync(path)); tries++) {
    assert.ok(tries < 500, "it goes on");
    await sleep(20);
  }
});

test.run();
