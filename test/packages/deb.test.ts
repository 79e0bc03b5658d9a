// The Debian package: what is in it, what Debian's own critic says, and its life on a bare Debian.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DEPENDS } from "../../scripts/package/deb.ts";
import { nodePath, ROOT } from "../../scripts/runtimes.ts";
import type { Box } from "../support/box.ts";
import { COMMAND } from "../support/command.ts";
import { openDebian } from "../support/debian_box.ts";
import { DEBIAN_ROOT_NEEDS, debianRoot } from "../support/debian_root.ts";
import { requiring } from "../support/requirements.ts";

const [program] = COMMAND;
const NAME = "metricshub-apikey";
const STATE = "/var/lib/metricshub/security";

let folder: string | undefined;

/** The package, made once. */
function madeDeb(): string {
  folder ??= makeIn(mkdtempSync(join(tmpdir(), "apikey-packages-")), "one");
  return debIn(join(folder, "one"));
}

function makeIn(parent: string, name: string): string {
  const script = join(ROOT, "scripts", "package.ts");
  const argv = ["--only", "deb", "--target", ownTarget(), "--quick", "--executable", program];
  execFileSync(nodePath(), [script, ...argv, "--out", join(parent, name)]);
  return parent;
}

function ownTarget(): string {
  return `linux-${process.arch}`;
}

function debIn(path: string): string {
  return join(path, `${NAME}_0.1.0-1_${process.arch === "x64" ? "amd64" : process.arch}.deb`);
}

test.after(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const debTest = requiring(test, "linux", "dpkg-deb");

debTest("has what belongs to it in its places, root's, and no other file", () => {
  const listing = execFileSync("dpkg-deb", ["--contents", madeDeb()], { encoding: "utf8" });
  const files = listing.split("\n").filter((line) => line !== "" && !line.startsWith("d"));
  const described = files.map((line) => {
    const [mode = "", owner = "", , , , path = ""] = line.split(/\s+/);
    return `${mode} ${owner} ${path.slice(1)}`;
  });
  const doc = `/usr/share/doc/${NAME}`;
  assert.equal(described, [
    "-rw-r--r-- root/root /etc/metricshub/apikey.yaml",
    "-rwxr-xr-x root/root /usr/bin/apikey",
    `-rw-r--r-- root/root /usr/lib/systemd/system/${NAME}.service`,
    `-rw-r--r-- root/root /usr/lib/systemd/system/${NAME}.socket`,
    `-rw-r--r-- root/root /usr/lib/sysusers.d/${NAME}.conf`,
    `-rw-r--r-- root/root /usr/lib/tmpfiles.d/${NAME}.conf`,
    "-rw-r--r-- root/root /usr/share/bash-completion/completions/apikey",
    `-rw-r--r-- root/root ${doc}/changelog.Debian.gz`,
    `-rw-r--r-- root/root ${doc}/changelog.gz`,
    `-rw-r--r-- root/root ${doc}/copyright`,
    `-rw-r--r-- root/root ${doc}/notices.gz`,
    `-rw-r--r-- root/root ${doc}/sbom.cdx.json`,
    "-rw-r--r-- root/root /usr/share/fish/vendor_completions.d/apikey.fish",
    `-rw-r--r-- root/root /usr/share/lintian/overrides/${NAME}`,
    "-rw-r--r-- root/root /usr/share/man/man1/apikey.1.gz",
    "-rw-r--r-- root/root /usr/share/man/man8/apikey-daemon.8.gz",
    "-rw-r--r-- root/root /usr/share/zsh/vendor-completions/_apikey",
  ]);
  const folders = listing.split("\n").filter((line) => line.startsWith("d"));
  for (const line of folders) assert.match(line, /^drwxr-xr-x root\/root /);
});

debTest("is the same, byte for byte, when it is made again", () => {
  const first = madeDeb();
  makeIn(folder ?? "", "two");
  assert.is(spawnSync("cmp", [first, debIn(join(folder ?? "", "two"))]).status, 0);
});

requiring(test, "linux", "lintian")("leaves Debian's critic nothing to say", () => {
  const argv = ["--allow-root", "--fail-on", "error,warning", madeDeb()];
  const { status, stdout } = spawnSync("lintian", argv, { encoding: "utf8" });
  assert.equal([status, stdout], [0, ""]);
});

requiring(test, "linux", "dpkg-shlibdeps")("names the libraries that the executable needs", () => {
  const place = join(folder ?? tmpdir(), "shlibs");
  execFileSync("mkdir", ["-p", join(place, "debian")]);
  execFileSync("sh", [
    "-c",
    "printf 'Source: x\\nPackage: x\\nArchitecture: any\\n' >debian/control",
  ], {
    cwd: place,
  });
  const out = execFileSync("dpkg-shlibdeps", ["-O", program], { cwd: place, encoding: "utf8" });
  const [, needed = ""] = out.trim().split("shlibs:Depends=");
  for (const dependency of needed.split(", ")) {
    assert.ok((DEPENDS as readonly string[]).includes(dependency), dependency);
  }
});

const HOSTS = [
  { suite: "bookworm", packages: ["adduser", "libatomic1"], about: "without systemd" },
  {
    suite: "trixie",
    packages: ["adduser", "libatomic1", "systemd"],
    about: "where systemd sleeps",
  },
] as const;

for (const { suite, packages, about } of HOSTS) {
  requiring(test, "dpkg-deb", ...DEBIAN_ROOT_NEEDS)(
    `comes to a bare ${suite} ${about}, and goes without a trace but the keystore`,
    async () => {
      const root = await debianRoot({ suite, packages });
      await using box = await openDebian({ root });
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
      await assertOutcome(box, ["dpkg", "--remove", NAME]);
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
  copyFileSync(madeDeb(), box.path(`/root/${basename(madeDeb())}`));
  await assertOutcome(box, ["dpkg", "--install", `/root/${basename(madeDeb())}`]);
  assert.match(await assertOutcome(box, ["getent", "passwd", NAME]), `:${STATE}:`);
  await assertOutcome(box, ["rm", `/root/${basename(madeDeb())}`]);
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

async function assertOutcome(box: Box, argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await box.run(argv);
  assert.is(status, 0, `${argv.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** With whose they are; what Debian itself keeps about packages and accounts aside. */
async function filesOf(box: Box): Promise<string[]> {
  const argv = ["find", "/etc", "/usr", "/var/lib", "/run", "-printf", "%p %u\\n"];
  const own =
    /^\/(etc\/(passwd|group|g?shadow|subuid|subgid|\.pwd)|run\/(adduser|systemd\/)|var\/lib\/(dpkg|systemd\/deb-))/;
  return (await assertOutcome(box, argv)).split("\n").filter((line) => line && !own.test(line));
}

test.run();
