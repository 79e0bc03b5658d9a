// The Debian package: what is in it, and what Debian's own tools say of it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DEPENDS } from "../../scripts/package/deb.ts";
import { COMMAND } from "../support/command.ts";
import { makeDeb } from "../support/deb_package.ts";
import { requiring } from "../support/requirements.ts";

const NAME = "metricshub-apikey";

const folder = mkdtempSync(join(tmpdir(), "apikey-packages-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

let made: string | undefined;

/** The package, made once. */
function madeDeb(): string {
  return made ??= makeDeb(join(folder, "one"));
}

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
  assert.is(spawnSync("cmp", [madeDeb(), makeDeb(join(folder, "two"))]).status, 0);
});

requiring(test, "linux", "lintian")("leaves Debian's critic nothing to say", () => {
  const argv = ["--allow-root", "--fail-on", "error,warning", madeDeb()];
  const { status, stdout } = spawnSync("lintian", argv, { encoding: "utf8" });
  assert.equal([status, stdout], [0, ""]);
});

requiring(test, "linux", "dpkg-shlibdeps")("names the libraries that the executable needs", () => {
  const place = join(folder, "shlibs");
  mkdirSync(join(place, "debian"), { recursive: true });
  const control = "Source: x\nPackage: x\nArchitecture: any\n";
  writeFileSync(join(place, "debian", "control"), control);
  const { stdout } = spawnSync("dpkg-shlibdeps", ["-O", COMMAND[0]], {
    cwd: place,
    encoding: "utf8",
  });
  const [, needed = ""] = stdout.trim().split("shlibs:Depends=");
  for (const dependency of needed.split(", ")) {
    assert.ok((DEPENDS as readonly string[]).includes(dependency), dependency);
  }
});

test.run();
