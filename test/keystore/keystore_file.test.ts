import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FileChangedError, KeystoreFile } from "../../src/keystore/keystore_file.ts";
import { failure, platform, withFolder } from "../support/open_keystore.ts";

function fileAt(path: string): KeystoreFile {
  return new KeystoreFile({ path, mayBeDenied: false, uid: platform.self.uid, generations: 3 });
}

test("replaces exactly the state that it was told of", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    const file = fileAt(path);
    assert.is(file.read(), undefined);
    const { identity } = await file.replace([Buffer.from("one")], undefined);
    assert.is((file.read())?.identity, identity);
    writeFileSync(path, "theirs");
    let refused: unknown;
    await file.replace([Buffer.from("two")], identity).catch((error) => refused = error);
    assert.instance(refused, FileChangedError);
    assert.is(readFileSync(path, "utf8"), "theirs");
    assert.equal(readdirSync(folder), ["a.p12"]);
  });
});

test("makes a file that only its owner can read, whatever the umask", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    await platform.withMode(0o777, () => fileAt(path).replace([Buffer.from("one")], undefined));
    assert.is(statSync(path).mode & 0o777, 0o600);
  });
});

test("keeps the mode of the file that it replaces", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    const file = fileAt(path);
    await file.replace([Buffer.from("new")], file.identity());
    assert.is(statSync(path).mode & 0o777, 0o640);
  });
});

for (const exists of [true, false]) {
  test(`writes through symbolic links to a file that ${exists ? "exists" : "is missing"}`, async () => {
    await withFolder(async (folder) => {
      const target = join(folder, "real", "a.p12");
      mkdirSync(join(folder, "real"));
      if (exists) writeFileSync(target, "old");
      symlinkSync("real/a.p12", join(folder, "inner"));
      symlinkSync(join(folder, "inner"), join(folder, "outer"));
      const file = fileAt(join(folder, "outer"));
      await file.replace([Buffer.from("new")], file.identity());
      assert.is(readFileSync(target, "utf8"), "new");
      assert.not.ok(lstatSync(target).isSymbolicLink());
      assert.is(readlinkSync(join(folder, "inner")), "real/a.p12");
      assert.is(readlinkSync(join(folder, "outer")), join(folder, "inner"));
      const earlier = exists ? ["a.p12.generation-1"] : [];
      assert.equal(readdirSync(join(folder, "real")).sort(), ["a.p12", ...earlier]);
    });
  });
}

test("clears away what a killed writer left, and nothing else", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    for (
      const name of [".a.p12.0123456789abcdef.tmp", ".b.p12.0123456789abcdef.tmp", "a.p12.tmp"]
    ) {
      writeFileSync(join(folder, name), "x");
    }
    await fileAt(path).replace([Buffer.from("one")], undefined);
    const left = [".b.p12.0123456789abcdef.tmp", "a.p12", "a.p12.tmp"];
    assert.equal(readdirSync(folder).sort(), left);
  });
});

test("calls a folder and a loop of links what they are", async () => {
  await withFolder(async (folder) => {
    await failure("ERR_KEYSTORE_IO", () => fileAt(folder).read());
    symlinkSync("loop", join(folder, "loop"));
    await failure("ERR_KEYSTORE_IO", () => fileAt(join(folder, "loop")).read());
    await failure(
      "ERR_KEYSTORE_IO",
      () => fileAt(join(folder, "loop")).replace([Buffer.of(1)], undefined),
    );
  });
});

test.run();
