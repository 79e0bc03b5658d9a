// The keystore as a whole: looked into, checked, copied, put back, given another password.
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { apikey } from "../support/execute.ts";
import { readFixture } from "../support/fixtures.ts";
import { startDaemon } from "../support/daemon.ts";
import { copyFixture, KEYSTORE_NAME, temporaryFolder } from "../support/temporary_folder.ts";
import { TRIED_WAYS, type Way } from "../support/ways.ts";

const FIXTURE = "jdk17-mixed-certificates.p12";

async function succeed(way: Pick<Way, "apikey">, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await way.apikey(...args);
  assert.equal([status, stderr], [0, ""], args.join(" "));
  return stdout;
}

async function refuse(
  way: Pick<Way, "apikey">,
  status: number,
  ...args: readonly string[]
): Promise<string> {
  const outcome = await way.apikey(...args);
  assert.equal([outcome.status, outcome.stdout], [status, ""], args.join(" ") + outcome.stderr);
  assert.match(outcome.stderr, /^[^\n]+\n$/);
  return outcome.stderr;
}

for (const { way: name, open } of TRIED_WAYS) {
  test(`${name}: info shows every entry and no secret`, async () => {
    using folder = temporaryFolder();
    await using way = await open(folder.keystore(FIXTURE));
    const text = await succeed(way, "keystore", "info");
    assert.match(text, /^webserver: private key$/m);
    assert.match(text, /^ {2}subject +O=Example, CN=metricshub\.example$/m);
    assert.match(text, /^ {2}SHA-256 +([0-9A-F]{2}:){31}[0-9A-F]{2}$/m);
    assert.not.match(text, /9a2f6a1e/);
    const info = JSON.parse(await succeed(way, "keystore", "info", "--json"));
    assert.equal(
      info.entries.map((entry: Record<string, unknown>) => [
        entry["kind"],
        entry["name"],
        entry["password"],
        entry["algorithm"],
      ]),
      [
        ["private-key", "webserver", "store", "EC"],
        ["api-key", "api_key:rest-automation", "entry", "AES"],
        ["secret", "masterkey", "store", "AES"],
        ["certificate", "webserver", null, "EC P-256"],
        ["certificate", "example-ca", null, "RSA 2048"],
      ],
    );
    assert.equal(info.mac, { digest: "sha256", iterations: 10_000 });
  });

  test(`${name}: check finds nothing wrong, or says what and how to mend it`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    await using way = await open(keystore);
    const fine = await succeed(way, "keystore", "check");
    assert.match(fine, /the MAC is right; 1 API key and 4 other entries/);
    assert.match(fine, /^warning: .*built-in/m);
    assert.match(fine, /^0 errors, 1 warning$/m);
    chmodSync(keystore, 0o666);
    chmodSync(folder.path, 0o777);
    const { status, stdout } = await way.apikey("keystore", "check");
    assert.is(status, 1);
    assert.match(stdout, new RegExp(`^ +chmod o= ${keystore}$`, "m"));
    assert.match(stdout, new RegExp(`^ +chmod o-w ${folder.path}$`, "m"));
    chmodSync(folder.path, 0o700);
    const warned = await succeed(way, "status");
    assert.match(warned, new RegExp(`^Warning: .*chmod o= ${keystore}$`, "m"));
  });

  test(`${name}: a backup is the file octet for octet, and never overwrites`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    await using way = await open(keystore);
    const backup = folder.file("backup.p12");
    await succeed(way, "keystore", "backup", backup);
    assert.equal(readFileSync(backup), readFileSync(keystore));
    assert.is(statSync(backup).mode & 0o777, 0o600);
    await succeed(way, "create", "later");
    assert.match(await refuse(way, 1, "keystore", "backup", backup), /exists already/);
    assert.equal(new Uint8Array(readFileSync(backup)), readFixture(FIXTURE));
  });

  test(`${name}: a restoring can be undone`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    await using way = await open(keystore);
    await succeed(way, "create", "later");
    const before = readFileSync(keystore);
    const backup = copyFixture(FIXTURE, folder.file("backup.p12"));
    const text = await succeed(way, "keystore", "restore", backup);
    assert.match(text, /restored from .*backup\.p12: 1 API key, 4 other entries\.\n/);
    assert.equal(readFileSync(keystore), readFileSync(backup));
    assert.not.match(await succeed(way, "list"), /later/);
    const [, kept = ""] = /kept in (.*)\.\n/.exec(text) ?? [];
    assert.equal(readFileSync(kept), before);
    await succeed(way, "keystore", "restore", kept);
    assert.equal(readFileSync(keystore), before);
    assert.match(await succeed(way, "list"), /later/);
  });

  test(`${name}: restore refuses what it cannot fully open, and changes nothing`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    await using way = await open(keystore);
    const bytes = readFixture(FIXTURE);
    const refused: readonly (readonly [about: string, bytes: Uint8Array])[] = [
      ["half", bytes.subarray(0, bytes.length / 2)],
      ["nothing", new Uint8Array()],
      ["text", new TextEncoder().encode("hello")],
      ["another password", readFixture("jdk17-own-password.p12")],
    ];
    for (const [about, content] of refused) {
      writeFileSync(folder.file("copy.p12"), content);
      const line = await refuse(way, 6, "keystore", "restore", folder.file("copy.p12"));
      assert.match(line, /^apikey: cannot restore .*copy\.p12: /, about);
      assert.equal(new Uint8Array(readFileSync(keystore)), bytes, about);
    }
    await refuse(way, 1, "keystore", "restore", folder.file("missing.p12"));
    assert.not.ok(existsSync(`${keystore}.generation-1`));
  });

  test(`${name}: rekey moves the keystore and its password file together`, async () => {
    using folder = temporaryFolder();
    const keystore = folder.keystore(FIXTURE);
    await using way = await open(keystore);
    await succeed(way, "create", "mine");
    const line = await refuse(way, 1, "keystore", "rekey");
    assert.match(line, /MetricsHub .* would lose access/);
    const text = await succeed(way, "keystore", "rekey", "--force");
    const passwordFile = folder.file("metricshub-keystore.password");
    assert.match(text, new RegExp(`kept in ${passwordFile}\\.`));
    assert.is(statSync(passwordFile).mode & 0o777, 0o600);
    assert.not.match(text, new RegExp(readFileSync(passwordFile, "utf8").trim()));
    assert.not.ok(existsSync(`${passwordFile}.new`));
    assert.not.ok(existsSync(`${keystore}.generation-1`));
    assert.match(await succeed(way, "list"), /mine/);
    const check = await succeed(way, "keystore", "check");
    assert.match(check, /^0 errors, 0 warnings$/m);

    writeFileSync(folder.file("next"), "a better one\n", { mode: 0o600 });
    await succeed(way, "keystore", "rekey", "--new-password-file", folder.file("next"));
    assert.is(readFileSync(passwordFile, "utf8"), "a better one\n");
    assert.match(await succeed(way, "create", "another"), /another/);
    const again = ["keystore", "rekey", "--new-password-file", folder.file("next")];
    assert.match(await refuse(way, 1, ...again), /is the present one/);
    writeFileSync(folder.file("next"), "schön\n");
    assert.match(await refuse(way, 1, ...again), /Java could not open/);
    writeFileSync(folder.file("next"), "\n");
    await refuse(way, 2, ...again);
    assert.match(await succeed(way, "list"), /another/);
  });
}

test("what cannot be opened is said by check, with the way back, and can be restored", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  const way = { apikey: (...args: readonly string[]) => apikey([...args, "--keystore", keystore]) };
  await succeed(way, "create", "a");
  await succeed(way, "create", "b");
  const good = readFileSync(`${keystore}.generation-1`);
  const broken = readFileSync(keystore).subarray(0, 1000);
  writeFileSync(keystore, broken);
  const { status, stdout } = await way.apikey("keystore", "check");
  assert.is(status, 6);
  assert.match(stdout, new RegExp(`^ +.*apikey keystore restore ${keystore}\\.generation-1$`, "m"));
  const text = await succeed(way, "keystore", "restore", `${keystore}.generation-1`);
  assert.match(text, new RegExp(`kept in ${keystore}\\.unreadable-1\\.`));
  assert.equal(readFileSync(`${keystore}.unreadable-1`), broken);
  assert.equal(readFileSync(keystore), good);
  assert.match(await succeed(way, "list"), /^a /m);
});

test("a daemon's last good state can be saved and restored", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore(FIXTURE);
  await using daemon = await startDaemon(keystore, folder.file("apikey.sock"));
  const way = {
    apikey: (...args: readonly string[]) => apikey([...args, "--socket", daemon.socket]),
  };
  await succeed(way, "create", "latest");
  writeFileSync(keystore, "garbage");
  await succeed(way, "keystore", "backup", folder.file("saved.p12"));
  const { status, stdout } = await way.apikey("keystore", "check");
  assert.is(status, 1);
  assert.match(stdout, /DAMAGED OR GONE/);
  await succeed(way, "keystore", "restore", folder.file("saved.p12"));
  assert.match(await succeed(way, "list"), /^latest /m);
  assert.match(await succeed(way, "keystore", "check"), /^0 errors/m);
});

test("the password in a given file, or in systemd's credential, is changed where it is", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  const given = folder.file("given");
  writeFileSync(given, "first\n", { mode: 0o640 });
  const way = {
    apikey: (...args: readonly string[]) =>
      apikey([...args, "--keystore", keystore, "--password-file", given]),
  };
  await succeed(way, "create", "a");
  await succeed(way, "keystore", "rekey");
  assert.not.match(readFileSync(given, "utf8"), /first/);
  assert.is(statSync(given).mode & 0o777, 0o640);
  assert.match(await succeed(way, "list"), /^a /m);

  const credentials = folder.file("");
  const env = { CREDENTIALS_DIRECTORY: credentials, APIKEY_KEYSTORE: keystore };
  const unit = { apikey: (...args: readonly string[]) => apikey(args, { env }) };
  writeFileSync(folder.file("keystore-password"), readFileSync(given));
  assert.match(await refuse(unit, 1, "keystore", "rekey"), /credential keystore-password\.new/);
  writeFileSync(folder.file("keystore-password.new"), "third");
  assert.match(await succeed(unit, "keystore", "rekey"), /make it keystore-password now/);
  assert.match(await succeed(unit, "list"), /^a /m);
  assert.match(await succeed(unit, "create", "b"), /'b'/);
  assert.match(await succeed(unit, "status"), /not yet in the place/);
  writeFileSync(folder.file("keystore-password"), "third");
  assert.not.match(await succeed(unit, "status"), /not yet in the place/);
});

test("nothing to care for yet is said so", async () => {
  using folder = temporaryFolder();
  const keystore = folder.file(KEYSTORE_NAME);
  const way = { apikey: (...args: readonly string[]) => apikey([...args, "--keystore", keystore]) };
  assert.match(await succeed(way, "keystore", "check"), /There is no keystore/);
  await refuse(way, 1, "keystore", "backup", folder.file("x"));
  await refuse(way, 1, "keystore", "rekey");
  await refuse(way, 1, "keystore", "info");
  assert.not.ok(existsSync(folder.file("x")));
  await succeed(way, "keystore", "restore", copyFixture(FIXTURE, folder.file("copy.p12")));
  assert.match(await succeed(way, "list"), /^rest-automation /m);
});

test.run();
