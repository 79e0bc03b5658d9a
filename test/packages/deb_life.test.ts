// How the Debian package comes to a Debian that does not run, and goes; test/systemd has those that do.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Box } from "../support/box.ts";
import { makeDeb } from "../support/deb_package.ts";
import { openDebian } from "../support/debian_box.ts";
import { DEBIAN_ROOT_NEEDS, debianRoot } from "../support/debian_root.ts";
import { requiring } from "../support/requirements.ts";

const NAME = "metricshub-apikey";
const STATE = "/var/lib/metricshub/security";

/** Where a box has the package. */
const DEB = "/root/package.deb";

const folder = mkdtempSync(join(tmpdir(), "apikey-packages-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

let made: string | undefined;

/** The package, made once. */
function madeDeb(): string {
  return made ??= makeDeb(folder);
}

const HOSTS = [
  { suite: "bookworm", packages: ["libatomic1"], about: "without systemd" },
  {
    suite: "trixie",
    packages: ["libatomic1", "systemd"],
    about: "where systemd sleeps",
  },
] as const;

for (const { suite, packages, about } of HOSTS) {
  requiring(test, "dpkg-deb", ...DEBIAN_ROOT_NEEDS)(
    `comes to a bare ${suite} ${about}, and goes without a trace but the keystore`,
    async () => {
      const root = await debianRoot({ suite, packages });
      await using box = await openDebian({ root });
      // Folders of systemd's, which may be empty.
      const folders = ["/etc/systemd/system", "/etc/sysusers.d", "/etc/tmpfiles.d"];
      await assertOutcome(box, ["mkdir", "--parents", ...folders]);
      const before = await filesOf(box);
      await install(box);
      const units = await box.run(["systemd-analyze", "verify", "--man=no", `${NAME}.service`]);
      if (suite === "trixie") assert.equal([units.status, units.stderr], [0, ""]);
      await assertSameUnits(box);
      await assertOutcome(box, ["apikey", "create", "first"]);
      await assertOutcome(box, ["sh", "-c", "echo '# mine' >>/etc/metricshub/apikey.yaml"]);
      // As an upgrade goes, from the first maintainer script to the last.
      await install(box);
      assert.match(await assertOutcome(box, ["apikey", "list"]), /^first \*{20}/);
      assert.match(await assertOutcome(box, ["tail", "-1", "/etc/metricshub/apikey.yaml"]), "mine");
      await assertOutcome(box, ["chown", "-R", NAME, STATE]);
      await writeOwnUnits(box);
      await assertOutcome(box, ["dpkg", "--remove", NAME]);
      const left = await assertOutcome(box, ["find", "/etc", "-name", `*${NAME}*`, "-type", "f"]);
      assert.is(left, "");
      await assertOutcome(box, ["test", "-e", "/etc/metricshub/apikey.yaml"]);
      const { status, stdout, stderr } = await box.run(["dpkg", "--purge", NAME]);
      assert.is(status, 0, stderr);
      assert.match(`${stdout}${stderr}`, `${STATE} stays`);
      assert.equal((await filesOf(box)).filter((line) => !before.includes(line)), [
        "/var/lib/metricshub root",
        ...(await filesOf(box)).filter((line) => line.startsWith(`${STATE}`)),
      ]);
      for (const line of await filesOf(box)) {
        if (line.startsWith(STATE)) assert.match(line, / root$/);
      }
      assert.is((await box.run(["getent", "passwd", NAME])).status, 2);
      assert.is((await box.run(["getent", "group", NAME])).status, 2);
    },
  );
}

async function install(box: Box): Promise<void> {
  copyFileSync(madeDeb(), box.path(DEB));
  await assertOutcome(box, ["dpkg", "--install", DEB]);
  assert.match(await assertOutcome(box, ["getent", "passwd", NAME]), `:${STATE}:`);
  await assertOutcome(box, ["rm", DEB]);
}

/** What `apikey service install` would write is there already. */
async function assertSameUnits(box: Box): Promise<void> {
  const { files } = JSON.parse(await assertOutcome(box, ["apikey", "service", "print", "--json"]));
  assert.is(files.length, 4);
  for (const { path, content } of files) {
    const packaged = path.replace(/^\/etc\//, "/usr/lib/");
    assert.is(readFileSync(box.path(packaged), "utf8"), content, packaged);
  }
}

/** As `apikey service install` does for other settings, where systemd runs. */
async function writeOwnUnits(box: Box): Promise<void> {
  const { files } = JSON.parse(await assertOutcome(box, ["apikey", "service", "print", "--json"]));
  for (const { path, content } of files) {
    writeFileSync(box.path(path), `${content}# other settings\n`);
  }
}

async function assertOutcome(box: Box, argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await box.run(argv);
  assert.is(status, 0, `${argv.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** With whose they are; what Debian itself keeps about packages and accounts aside. */
async function filesOf(box: Box): Promise<string[]> {
  const argv = ["find", "/etc", "/usr", "/var/lib", "/run", "-printf", "%p %u\\n"];
  const own =
    /^\/(etc\/(passwd|group|g?shadow|subuid|subgid|\.pwd)|run\/systemd\/|var\/lib\/(dpkg|systemd\/deb-))/;
  return (await assertOutcome(box, argv)).split("\n").filter((line) => line && !own.test(line));
}

test.run();
