// Where a new key goes: a file for its owner's eyes only, or a pipe.
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND } from "../support/command.ts";
import { apikey, execute } from "../support/execute.ts";
import { mountNamespace } from "../support/mount_namespace.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { TRIED_WAYS } from "../support/ways.ts";

const KEY = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/;

for (const { way, open } of TRIED_WAYS) {
  test(`a key goes into a new file and nowhere else, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    for (const [command, name] of [["create", "created"], ["rotate", "rotated"]] as const) {
      const file = folder.file(`${name}.key`);
      const outcome = await opened.apikey(command, "new", "--output-file", file);
      assert.is(outcome.status, 0, outcome.stderr);
      assert.is(outcome.stdout, `API key ${name} for alias 'new', in ${file}\n`);
      assert.is(statSync(file).mode & 0o777, 0o600);
      const key = readFileSync(file, "utf8");
      assert.match(key, KEY);
      assert.not.match(outcome.stdout + outcome.stderr, key.trim());
      const again = await opened.apikey(command, "new", "--output-file", file);
      assert.equal([again.status, again.stdout], [1, ""]);
      assert.match(again.stderr, /^apikey: cannot write [^\n]*: it exists already\n$/);
      assert.is(readFileSync(file, "utf8"), key);
    }
    const json = await opened.apikey("create", "j", "--json", "--output-file", folder.file("j"));
    const shown = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.equal([shown["alias"], shown["outputFile"], shown["key"]], [
      ...["j", folder.file("j")],
      undefined,
    ]);
  });

  test(`quiet prints the key alone, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    for (const words of [["create", "q", "--expires-in", "1h"], ["rotate", "q"]]) {
      const { status, stdout, stderr } = await opened.apikey(...words, "--quiet");
      assert.equal([status, stderr], [0, ""]);
      assert.match(stdout, KEY);
    }
    assert.is((await opened.apikey("create", "r", "--quiet", "--json")).status, 2);
  });

  test(`where there is no key there is no file, ${way}`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    await using opened = await open(keystore);
    const file = folder.file("new.key");
    const refused = [["create", "retired"], ["rotate", "nobody"], ["rotate", "retired"]];
    for (const words of refused) {
      const { status } = await opened.apikey(...words, "--output-file", file);
      assert.is(status, 1, words.join(" "));
      assert.not.ok(existsSync(file));
    }
  });
}

test("no link is followed to where a key would go", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const [link, elsewhere] = [folder.file("link"), folder.file("elsewhere")];
  symlinkSync(elsewhere, link);
  for (const exists of [false, true]) {
    if (exists) writeFileSync(elsewhere, "theirs");
    const args = ["create", "new", "--keystore", keystore, "--output-file", link];
    assert.is((await apikey(args)).status, 1);
    assert.is(existsSync(elsewhere) ? readFileSync(elsewhere, "utf8") : "", exists ? "theirs" : "");
  }
});

const mountTest = requiring(test, "linux", "root", "mount", "unshare");

mountTest("a key that finds no room is taken back, and its file with it", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const disk = folder.file("disk");
  await using host = await mountNamespace(
    `mkdir ${disk}; mount -t tmpfs -o size=4k tmpfs ${disk}; yes >${disk}/filling || true`,
  );
  const file = `${disk}/new.key`;
  const create = ["create", "new", "--keystore", keystore, "--output-file", file];
  const { status, stdout, stderr } = await execute(host.enter([...COMMAND, ...create]));
  assert.equal([status, stdout], [1, ""], stderr);
  assert.match(stderr, /^apikey: cannot write [^\n]*; it has been revoked again\n$/);
  const left = await execute(host.enter(["ls", disk]));
  assert.is(left.stdout, "filling\n");
  const list = await apikey(["list", "--keystore", keystore]);
  assert.not.match(list.stdout, /^new /m);
});

mountTest("nor is one left that standard output did not take", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const file = folder.file("new.key");
  const create = [...COMMAND, "create", "new", "--keystore", keystore, "--output-file", file];
  const { status } = await execute(["sh", "-c", '"$@" >/dev/full', "sh", ...create]);
  assert.is(status, 1);
  assert.not.ok(existsSync(file));
  assert.not.match((await apikey(["list", "--keystore", keystore])).stdout, /^new /m);
});

mountTest(
  "a new key of a rotation stays in its file, whatever becomes of standard output",
  async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore("jdk17-metricshub.p12");
    const file = folder.file("new.key");
    const options = ["--grace", "0", "--keystore", keystore, "--output-file", file];
    const rotate = [...COMMAND, "rotate", "mcp-openai", ...options];
    const { status, stderr } = await execute(["sh", "-c", '"$@" >/dev/full', "sh", ...rotate]);
    assert.is(status, 1);
    assert.match(stderr, /the file has it\n$/);
    const input = readFileSync(file, "utf8");
    assert.is((await apikey(["verify", "--keystore", keystore], { input })).status, 0);
  },
);

test.run();
