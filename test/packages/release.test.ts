// What a release has besides the Debian package: an RPM, an archive, and the bill of materials.
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import packageJson from "../../package.json" with { type: "json" };
import { billOfMaterials } from "../../scripts/package/sbom.ts";
import { nodePath, ROOT } from "../../scripts/runtimes.ts";
import { COMMAND } from "../support/command.ts";
import { requiring } from "../support/requirements.ts";

const [program] = COMMAND;
const NAME = "metricshub-apikey";
const { version } = packageJson;

const folder = mkdtempSync(join(tmpdir(), "apikey-packages-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** @returns the paths of what has been made, two of each, from other folders and with other umasks */
function makeTwice(format: string): [string, string] {
  const [one = "", two = ""] = ["022", "077"].map((umask) => {
    const out = join(folder, `${format}-${umask}`);
    const script = join(ROOT, "scripts", "package.ts");
    const argv = [nodePath(), script, "--only", format, "--target", `linux-${process.arch}`];
    const shell = `umask ${umask}; exec "$@"`;
    const env = { ...process.env, TZ: umask === "022" ? "Asia/Tokyo" : "America/Lima" };
    execFileSync(
      "sh",
      ["-c", shell, "sh", ...argv, "--quick", "--executable", program, "--out", out],
      { env, cwd: umask === "022" ? ROOT : folder },
    );
    return join(out, readdirSync(out)[0] ?? "");
  });
  return [one, two];
}

requiring(test, "linux", "rpmbuild")("has an RPM with the same files, the same each time", () => {
  const [one, two] = makeTwice("rpm");
  assert.is(spawnSync("cmp", [one, two]).status, 0);
  const format = "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES} %{FILEFLAGS:fflags}\\n]";
  const listing = execFileSync("rpm", ["-qp", "--qf", format, one], { encoding: "utf8" });
  const files = listing.split("\n").filter((line) => line.startsWith("-"));
  const doc = `/usr/share/doc/${NAME}`;
  const licenses = `/usr/share/licenses/${NAME}`;
  assert.equal(files.map((line) => line.trim()), [
    "-rw-r--r-- root /etc/metricshub/apikey.yaml cn",
    "-rwxr-xr-x root /usr/bin/apikey",
    `-rw-r--r-- root /usr/lib/systemd/system/${NAME}.service`,
    `-rw-r--r-- root /usr/lib/systemd/system/${NAME}.socket`,
    `-rw-r--r-- root /usr/lib/sysusers.d/${NAME}.conf`,
    `-rw-r--r-- root /usr/lib/tmpfiles.d/${NAME}.conf`,
    "-rw-r--r-- root /usr/share/bash-completion/completions/apikey",
    `-rw-r--r-- root ${doc}/changelog.gz d`,
    `-rw-r--r-- root ${doc}/sbom.cdx.json d`,
    "-rw-r--r-- root /usr/share/fish/vendor_completions.d/apikey.fish",
    `-rw-r--r-- root ${licenses}/LICENSE l`,
    `-rw-r--r-- root ${licenses}/NOTICES l`,
    "-rw-r--r-- root /usr/share/man/man1/apikey.1.gz d",
    "-rw-r--r-- root /usr/share/man/man8/apikey-daemon.8.gz d",
    "-rw-r--r-- root /usr/share/zsh/site-functions/_apikey",
  ]);
  const scripts = execFileSync("rpm", ["-qp", "--scripts", one], { encoding: "utf8" });
  for (const text of ["try-restart", "disable --now", "stays"]) assert.match(scripts, text);
  // The executable is what was built: nothing has been stripped from it.
  const unpacked = join(folder, "rpm");
  execFileSync("sh", [
    "-c",
    'mkdir "$1" && cd "$1" && rpm2cpio "$2" | cpio -idm --quiet',
    "sh",
    unpacked,
    one,
  ]);
  assert.is(spawnSync("cmp", [join(unpacked, "usr/bin/apikey"), program]).status, 0);
});

requiring(test, "linux", "tar")("has an archive that is the same each time", () => {
  const [one, two] = makeTwice("archive");
  assert.is(spawnSync("cmp", [one, two]).status, 0);
  const listing = execFileSync("tar", ["-tzvf", one, "--numeric-owner"], { encoding: "utf8" });
  const top = `apikey-${version}-linux-${process.arch}`;
  const lines = listing.trim().split("\n").map((line) => line.split(/\s+/));
  for (const [, owner, , , , path] of lines) {
    assert.is(owner, "0/0");
    assert.ok(path?.startsWith(`${top}/`));
  }
  const executable = lines.find(([, , , , , path]) => path === `${top}/apikey`);
  assert.is(executable?.[0], "-rwxr-xr-x");
});

test("lists all that is in the executable, and nothing else, by the schema of CycloneDX", async () => {
  const release = { version: "1.2.3", epochSeconds: 1_800_000_000 };
  const text = await billOfMaterials(release);
  assert.is(text, await billOfMaterials(release));
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
  assert.is(await validator.validate(text), null);
  assert.is.not(await validator.validate(text.replace('"platform"', '"plattform"')), null);

  const { components, metadata } = JSON.parse(text);
  assert.is(metadata.component.version, "1.2.3");
  const names = components.map(({ name }: { name: string }) => name);
  for (const name of ["node", "hono", "yaml", "asn1js", "valibot"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of Object.keys(packageJson.devDependencies)) assert.not.ok(names.includes(name));
  const [node] = components;
  assert.is(node.version, process.versions.node);
  const libraries = node.components.map(({ name }: { name: string }) => name);
  for (const name of ["v8", "openssl", "uv", "zlib"]) assert.ok(libraries.includes(name), name);
});

test.run();
