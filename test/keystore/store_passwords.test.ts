import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Secret } from "../../src/model/secret.ts";
import {
  BUILT_IN_PASSWORD,
  type StorePassword,
  type StorePasswordOptions,
} from "../../src/keystore/store_password.ts";
import { storePasswords } from "../../src/keystore/store_passwords.ts";
import { failure, platform, withFolder } from "../support/open_keystore.ts";

function optionsIn(
  folder: string,
  given: { passwordFile?: string; credentialsFolder?: string } = {},
) {
  return {
    keystorePath: join(folder, "metricshub-keystore.p12"),
    passwordFile: given.passwordFile,
    credentialsFolder: given.credentialsFolder,
    mayBeDenied: false,
    uid: platform.self.uid,
  };
}

function firstPassword(options: StorePasswordOptions): StorePassword {
  const [password] = storePasswords(options).find();
  if (password === undefined) throw new Error("no password");
  return password;
}

test("takes the first place that names a password", async () => {
  await withFolder((folder) => {
    const passwordFile = join(folder, "given");
    const expectSource = (source: string, password: string, given = {}) => {
      const found = firstPassword(optionsIn(folder, given));
      assert.equal([found.source, found.secret.reveal()], [source, password]);
    };
    expectSource("metricshub-built-in", BUILT_IN_PASSWORD);
    writeFileSync(join(folder, "metricshub-keystore.password"), "beside\n");
    expectSource("keystore-folder", "beside");
    writeFileSync(join(folder, "keystore-password"), "credential");
    expectSource("systemd-credential", "credential", { credentialsFolder: folder });
    writeFileSync(passwordFile, "two words \r\n");
    expectSource("password-file", "two words ", { passwordFile, credentialsFolder: folder });
  });
});

test("fails rather than passing over a given file that is missing or empty", async () => {
  await withFolder(async (folder) => {
    const passwordFile = join(folder, "given");
    const find = () => firstPassword(optionsIn(folder, { passwordFile }));
    await failure("ERR_KEYSTORE_IO", find);
    for (const content of ["", "\n", "x".repeat(4097), "x".repeat(4097) + "\r\n"]) {
      writeFileSync(passwordFile, content);
      const text = await failure("ERR_KEYSTORE_IO", find);
      assert.ok(text.includes(passwordFile));
      assert.not.ok(text.includes("xxx"));
    }
  });
});

test("finds the longest password again that there may be", async () => {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "metricshub-keystore.password"), "old\n");
    const passwords = storePasswords(optionsIn(folder));
    const [current] = passwords.find();
    assert.ok(current);
    await passwords.stage(current, new Secret("x".repeat(4096)));
    const lengths = [...passwords.find()].map(({ secret }) => secret.reveal().length);
    assert.equal(lengths, [3, 4096]);
  });
});

test("takes no pipe that lies beside the keystore for its password", async () => {
  await withFolder(async (folder) => {
    execFileSync("mkfifo", [join(folder, "metricshub-keystore.password")]);
    await failure("ERR_KEYSTORE_IO", () => firstPassword(optionsIn(folder)));
  });
});

test("generates a password that only its owner can read, and finds it again", async () => {
  await withFolder(async (folder) => {
    const made = await storePasswords(optionsIn(folder)).forNewKeystore();
    const path = join(folder, "metricshub-keystore.password");
    assert.is(readFileSync(path, "utf8"), `${made.secret.reveal()}\n`);
    assert.ok(made.secret.reveal().length >= 32);
    assert.is(statSync(path).mode & 0o777, 0o600);
    const found = await firstPassword(optionsIn(folder));
    assert.is(found.secret.reveal(), made.secret.reveal());
  });
});

test("uses the built-in password for a new keystore in a MetricsHub install", async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "security"));
    const made = await storePasswords(optionsIn(join(folder, "security"))).forNewKeystore();
    assert.is(made.source, "metricshub-built-in");
    assert.is(made.secret.reveal(), BUILT_IN_PASSWORD);
  });
});

test("creates nothing under a password that Java could not use", async () => {
  await withFolder(async (folder) => {
    const passwordFile = join(folder, "given");
    writeFileSync(passwordFile, "pässword");
    const options = optionsIn(folder, { passwordFile });
    const text = await failure(
      "ERR_KEYSTORE_UNSUPPORTED",
      () => storePasswords(options).forNewKeystore(),
    );
    assert.not.ok(text.includes("pässword"));
    assert.is((await firstPassword(options)).secret.reveal(), "pässword");
  });
});

test.run();
