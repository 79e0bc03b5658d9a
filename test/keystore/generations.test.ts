import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { KeystoreFile } from "../../src/keystore/keystore_file.ts";
import { platform, withFolder } from "../support/open_keystore.ts";

function fileAt(path: string, generations: number): KeystoreFile {
  return new KeystoreFile({ path, mayBeDenied: false, uid: platform.self.uid, generations });
}

async function write(path: string, generations: number, ...texts: string[]): Promise<void> {
  const file = fileAt(path, generations);
  for (const text of texts) await file.replace([Buffer.from(text)], file.identity());
}

/** What is in the file, and in each of its generations from the newest on. */
function states(path: string): string[] {
  const paths = [path, ...[1, 2, 3, 4, 5].map((number) => `${path}.generation-${number}`)];
  return paths.filter((one) => existsSync(one)).map((one) => readFileSync(one, "utf8"));
}

test("keeps the last states, the newest as generation 1, and drops what is older", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    await write(path, 3, "a", "b", "c", "d", "e");
    assert.equal(states(path), ["e", "d", "c", "b"]);
    assert.is(readdirSync(folder).length, 4);
  });
});

test("keeps as many as asked for, and none where none are", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    await write(path, 5, "a", "b", "c", "d", "e");
    await write(path, 2, "f");
    assert.equal(states(path), ["f", "e", "d"]);
    await write(path, 0, "g");
    assert.equal(states(path), ["g"]);
  });
});

test("gives a generation the mode that the file had", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    writeFileSync(path, "a", { mode: 0o600 });
    chmodSync(path, 0o640);
    await write(path, 1, "b");
    assert.is(statSync(`${path}.generation-1`).mode & 0o777, 0o640);
    assert.is(statSync(path).nlink, 1);
  });
});

test("goes on where a writer was killed between keeping the old state and replacing it", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    await write(path, 3, "a", "b");
    linkSync(path, `${path}.generation-0`);
    await write(path, 3, "c");
    assert.equal(states(path), ["c", "b", "a"]);
    // As it would look after such a kill: the file and its first generation are one.
    const half = join(folder, "b.p12");
    writeFileSync(half, "x");
    linkSync(half, `${half}.generation-1`);
    await write(half, 3, "y");
    assert.equal(states(half), ["y", "x"]);
    assert.is(statSync(half).nlink, 1);
  });
});

test("keeps what a restoring replaces although generations are off", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    await write(path, 0, "a");
    const file = fileAt(path, 0);
    const kept = await file.supersede(Buffer.from("b"), file.identity(), true);
    assert.equal([kept, states(path)], [`${path}.generation-1`, ["b", "a"]]);
  });
});

test("keeps what does not open under other names, none of which it uses twice", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a.p12");
    writeFileSync(path, "garbled");
    const file = fileAt(path, 3);
    assert.is(
      await file.supersede(Buffer.from("b"), file.identity(), false),
      `${path}.unreadable-1`,
    );
    assert.is(
      await file.supersede(Buffer.from("c"), file.identity(), false),
      `${path}.unreadable-2`,
    );
    assert.equal(states(path), ["c"]);
    assert.is(readFileSync(`${path}.unreadable-1`, "utf8"), "garbled");
  });
});

test.run();
