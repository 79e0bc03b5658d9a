import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertCanHold, keyFileIn, keyFileState, reserveKeyFile } from "../../src/cli/key_files.ts";
import { failure, withFolder } from "../support/open_keystore.ts";

const KEY = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

test("every alias has a file of its own in the folder, and no other", () => {
  const aliases = [
    ...[
      "a",
      "a.b",
      "a%2fb",
      "a/b",
      "../a",
      "..",
      ".",
      ".a",
      "a\\b",
      "a\0b",
      "a b",
      "größe",
      "-a",
      "~a",
    ],
    ...["x".repeat(255), `${"x".repeat(254)}y`, "漢".repeat(255), "\ud800"],
  ];
  const paths = aliases.map((alias) => keyFileIn("/folder", alias));
  assert.is(new Set(paths).size, aliases.length);
  for (const path of paths) {
    assert.is(dirname(path), "/folder");
    assert.match(basename(path), /^[a-z0-9_%-][\w.%-]*\.key$/);
    assert.ok(basename(path).length <= 255);
  }
  assert.is(paths[0], "/folder/a.key");
  assert.is(paths[3], "/folder/a%2Fb.key");
});

test("tells a file with less than a key from all others", async () => {
  await withFolder((folder) => {
    const file = (name: string, text: string) => {
      writeFileSync(`${folder}/${name}`, text);
      utimesSync(`${folder}/${name}`, 1_000, 1_000);
      return keyFileState(`${folder}/${name}`);
    };
    assert.equal([file("a", ""), file("b", KEY.slice(0, 35))], ["unfinished", "unfinished"]);
    for (const text of [KEY, `${KEY}\n`, "hello", "\n", "A"]) {
      assert.is(file("c", text), "other", text);
    }
    assert.is(keyFileState(`${folder}/none`), "missing");
    mkdirSync(`${folder}/folder`);
    symlinkSync(`${folder}/a`, `${folder}/link`);
    writeFileSync(`${folder}/now`, "");
    assert.is(keyFileState(`${folder}/now`), "reserved");
    assert.is(keyFileState(`${folder}/link`), "other");
    assert.is(keyFileState(`${folder}/folder`), "folder");
  });
});

test("says which folder is missing", async () => {
  await withFolder(async (folder) => {
    const text = await failure("ERR_FILE", () => assertCanHold(`${folder}/none/a.key`));
    assert.ok(text.endsWith(`no folder ${folder}/none`), text);
    assertCanHold(`${folder}/a.key`);
  });
});

test("an unfinished file is replaced, not written on", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.key`;
    writeFileSync(path, KEY.slice(0, 8));
    await failure("ERR_FILE", () => reserveKeyFile(path, undefined));
    utimesSync(path, 1_000, 1_000);
    chmodSync(path, 0o666);
    linkSync(path, `${folder}/theirs`);
    reserveKeyFile(path, undefined).write(Buffer.from(KEY));
    assert.is(readFileSync(path, "utf8"), KEY);
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.is(readFileSync(`${folder}/theirs`, "utf8"), KEY.slice(0, 8));
    await failure("ERR_FILE", () => reserveKeyFile(path, undefined));
    assert.is(readFileSync(path, "utf8"), KEY);
  });
});

test("nobody believes to have written a file that is not there any more", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.key`;
    const first = reserveKeyFile(path, undefined);
    utimesSync(path, 1_000, 1_000);
    const second = reserveKeyFile(path, undefined);
    await failure("ERR_FILE", () => first.write(Buffer.from(KEY)));
    assert.is(first.isWritten, false);
    second.write(Buffer.from(KEY));
    assert.is(readFileSync(path, "utf8"), KEY);
  });
});

test.run();
